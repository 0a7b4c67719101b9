using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.Replica;
using GaleLb.State;
using GaleLb.State.Commands;

namespace GaleLb.LoadBalancer.Tests.Cluster;

public sealed class ClusterMachineTests
{
    [Fact]
    public async Task Apply_AVersionThatThisProgramLacks_IsRefusedInWordsAndChangesNothing()
    {
        await using ApiHarness api = await ApiHarness.StartAsync();
        ClusterState before = api.State;

        Action raise = () => api.Replica.Apply(new RaiseStateVersion(ClusterState.StateVersionMax + 1));

        raise.Should().Throw<UnfitMachineException>().WithMessage("*Install a newer release.");
        api.State.Should().BeSameAs(before);
    }
}
