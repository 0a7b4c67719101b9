using GaleLb.LoadBalancer.Cluster;
using GaleLb.LoadBalancer.Nodes;
using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.Raft;
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

    [Fact]
    public void Apply_AVersionThatTheVariableWithholds_IsRefusedInItsName()
    {
        ClusterMachine machine = Rehearsing();
        machine.Apply(1, new Bootstrap(new ClusterId(0xC1), 42, new FileSettings(SampleOptions.Of()).Cluster));

        FluentActions.Invoking(() => machine.Apply(2, new RaiseStateVersion(2)))
            .Should().Throw<UnfitMachineException>().WithMessage("The cluster's state is of version 2; GALE_STATE_VERSION_MAX has this replica apply up to version 1. Unset it.");
        FluentActions.Invoking(() => machine.Apply(2, new RaiseStateVersion(ClusterState.StateVersionMax + 1)))
            .Should().Throw<UnfitMachineException>("unset, it could not either").WithMessage("*Install a newer release.");
    }

    [Fact]
    public async Task Restore_AVersionThatTheVariableWithholds_IsRefusedInItsName()
    {
        await using ApiHarness api = await ApiHarness.StartAsync();
        api.Replica.Apply(new RaiseStateVersion(2)).IsOk.Should().BeTrue();
        SnapshotMetadata metadata = new(api.State.AppliedIndex, Term.Zero, Membership.Empty);

        Rehearsing().Invoking(m => m.Restore(metadata, api.Machine.Capture().Encode()))
            .Should().Throw<UnfitMachineException>().WithMessage("*GALE_STATE_VERSION_MAX*");
    }

    private static ClusterMachine Rehearsing() => new(new LogClock(TimeProvider.System), versionMax: 1);
}
