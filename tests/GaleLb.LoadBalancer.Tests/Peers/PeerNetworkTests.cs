using System.Net;
using GaleLb.LoadBalancer.Cluster;
using GaleLb.LoadBalancer.Forwarding;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.LoadBalancer.Nodes;
using GaleLb.LoadBalancer.Peers;
using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.Rpc.V1;
using GaleLb.State;
using GaleLb.State.Forwarding;

namespace GaleLb.LoadBalancer.Tests.Peers;

public sealed class PeerNetworkTests : IAsyncDisposable
{
    private const string Own = "127.0.0.1:9090";
    private const string Other = "10.98.2.2:9090";
    private readonly ToldLogger<PeerNetwork> _told = new();
    private readonly PeerDirectory _directory = new();
    private readonly PeerNetwork _network;
    private readonly List<PeerIntroduction> _introduced = [];

    public PeerNetworkTests()
    {
        // The list names this replica alone, so that nobody is dialled.
        ReplicaIdentity identity = new(IPEndPoint.Parse(Own), [Own], "10.98.2.1:5555", "1.0");
        _network = new PeerNetwork(identity, _directory, tls: null, new ManualTime(), _told);
        ClusterMachine machine = new(new LogClock(new ManualTime()));
        SoleReplica replica = new(machine) { Membership = Membership.Empty };
        _network.Start(
            SoleReplica.Id,
            new Introductions(
                identity, new FileSettings(SampleOptions.Of(enforce: true)), () => replica.Status, machine,
                () => new TableView(ForwardingTableBuilder.Derive(ClusterState.Empty), InKernel: false, Error: null)),
            _introduced.Add);
    }

    public ValueTask DisposeAsync() => _network.DisposeAsync();

    [Fact]
    public void Met_OtherConfiguration_LogsEachDifferingKeyWithBothValuesOnce()
    {
        Introduction theirs = With(SampleOptions.Of(checksTimeout: "7s", clientsPort: 9000, enforce: true));

        _network.Met(theirs, dialled: null).Should().BeFalse();
        _network.Met(theirs, Other).Should().BeFalse();

        _told.Lines.Should().HaveCount(4, "it introduces itself twice a second, and is told of once");
        _told.Lines.First().Should().StartWith($"Replica {Other} is refused: the configurations of {Own} and {Other} differ");
        _told.Lines.Skip(1).Should().Equal(
            $"  node_health.checks_timeout: here 5000, at {Other} 7000",
            $"  services.default.port: here 8080, at {Other} 9000",
            $"  services.default.target_port: here 8080, at {Other} 9000");
        _introduced.Should().BeEmpty();
    }

    [Fact]
    public void Met_KeyThatOneSideLacks_SaysNotSet()
    {
        Introduction theirs = With(SampleOptions.Of(enforce: true));
        theirs.Settings.Remove(theirs.Settings.Single(s => s.Key == "node_health.min_routable"));
        theirs.ConfigDigest = "another";

        _network.Met(theirs, dialled: null).Should().BeFalse();

        _told.Lines.Should().Contain($"  node_health.min_routable: here 0, at {Other} (not set)");
    }

    [Fact]
    public void Met_ConfigurationAgreesAgain_IsAdmittedAndSaysSo()
    {
        _network.Met(With(SampleOptions.Of(checksTimeout: "7s", enforce: true)), dialled: null).Should().BeFalse();

        _network.Met(With(SampleOptions.Of(enforce: true)), dialled: null).Should().BeTrue();

        _told.Lines.Last().Should().Be($"Replica {Other} is admitted again");
        _introduced.Should().ContainSingle();
    }

    [Fact]
    public void Met_RefusedByTheOtherSide_SaysItsWords()
    {
        Introduction theirs = With(SampleOptions.Of(enforce: true));
        theirs.Refusal = "your file is not ours";

        _network.Met(theirs, Other).Should().BeFalse();

        _told.Lines.Should().Equal($"Replica {Other} is refused: your file is not ours");
    }

    private static Introduction With(Configuration.Options.LoadBalancerOptions options)
    {
        FileSettings file = new(options);
        Introduction said = new() { MemberId = 0x22, Address = Other, ConfigDigest = file.Digest, EnforceSingleConfiguration = file.Enforce };
        said.Settings.AddRange(file.List.Select(s => new Setting { Key = s.Key, Value = s.Value }));
        return said;
    }
}
