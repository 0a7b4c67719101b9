using System.Net;
using GaleLb.LoadBalancer.Cluster;
using GaleLb.LoadBalancer.Forwarding;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.LoadBalancer.Nodes;
using GaleLb.LoadBalancer.Peers;
using GaleLb.Raft;
using GaleLb.Rpc.V1;
using GaleLb.State;
using GaleLb.State.Commands;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using TimerTime = GaleLb.Testing.ManualTime;

namespace GaleLb.LoadBalancer.Tests.Support;

/// <summary>What one replica has for its nodes, from the heartbeat to the proposal, on a clock that a test moves; nothing runs by itself.</summary>
internal sealed class NodeSide : IAsyncDisposable
{
    private readonly ReplicaIdentity _identity;

    public NodeSide(bool founded = true, string checksTimeout = "5s", params PeerDouble[] peers)
    {
        LogClock clock = new(Time);
        Machine = new ClusterMachine(clock);
        Replica = new SoleReplica(Machine);
        _identity = new ReplicaIdentity(
            IPEndPoint.Parse(SoleReplica.Address), [SoleReplica.Address, .. peers.Select(p => p.Address)], "10.98.2.1:5555", "1.0");
        File = new FileSettings(SampleOptions.Of(checksTimeout: checksTimeout));
        // On a clock that stands still: a call's deadline must not depend on how busy this machine is.
        Network = new PeerNetwork(_identity, Directory, tls: null, new TimerTime(), NullLogger<PeerNetwork>.Instance);
        Health = new HealthDesk(Machine, clock, Time);
        Observations = new ObservationDesk(Machine, Health, _identity, Replica, Directory, Time);
        Introductions introductions = new(
            _identity, File, () => Replica.Status, Machine,
            () => new TableView(ForwardingTableBuilder.Derive(ClusterState.Empty), InKernel: false, Error: null));
        Duties = new LeaderDuties(
            Replica, Machine, Health, Observations, new OrderDesk(Replica, Network, clock, Time), Network, Directory, File, introductions, Time, Told);
        Forwarder = new ObservationForwarder(Replica, Network, Observations, Time, NullLogger<ObservationForwarder>.Instance);
        Contact = new LeaderContact(Time);
        Contact.Set(true, TimeSpan.Zero);
        Service = new NodeService(Machine, Observations, Contact, Time);
        Network.Start(SoleReplica.Id, introductions, _ => { });
        if (founded)
            Replica.Apply(new Bootstrap(new ClusterId(0xC1), 42, File.Cluster)).IsOk.Should().BeTrue();
    }

    /// <summary>On a replica of a cluster that the others are listed in too.</summary>
    public static NodeSide LinkedTo(params PeerDouble[] peers) => new(peers: peers);

    public TimerTime Time { get; } = new();
    public ToldLogger<LeaderDuties> Told { get; } = new();
    public PeerDirectory Directory { get; } = new();
    public ClusterMachine Machine { get; }
    public SoleReplica Replica { get; }
    public FileSettings File { get; }
    public PeerNetwork Network { get; }
    public HealthDesk Health { get; }
    public ObservationDesk Observations { get; }
    public LeaderDuties Duties { get; }
    public ObservationForwarder Forwarder { get; }
    public LeaderContact Contact { get; }
    public NodeService Service { get; }
    public ClusterState State => Machine.State;

    public NodeRecord Node(string name) => State.FindNode(name) ?? throw new InvalidOperationException($"no node {name}");

    /// <summary>As an introduction does.</summary>
    public void Meet(Introduction said) =>
        Directory.Update(said.Address, r => r with { Introduction = said, IntroducedAt = Time.GetTimestamp() });

    public HeardNode Heard(string node, string address, string detail = "") => new(
        node, new NodeDescription(1, IPAddress.Parse(address), 0, 100, []), ServingStatus.Serving, [], detail, Time.GetTimestamp());

    public void Hear(string node, string address, string detail = "") => Observations.Hear(Heard(node, address, detail));

    public Task RoundAsync() => Duties.RunOnceAsync(CancellationToken.None).AsTask();

    /// <summary>A round each tenth of a second; who is named beats once a second.</summary>
    public async Task RunAsync(double seconds, params (string Name, string Address)[] beating)
    {
        for (int tenth = 0; tenth < seconds * 10; tenth++)
        {
            if (tenth % 10 == 0)
                foreach ((string name, string address) in beating)
                    Hear(name, address);
            await RoundAsync();
            Time.Advance(TimeSpan.FromMilliseconds(100));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Forwarder.DisposeAsync();
        await Duties.DisposeAsync();
        await Network.DisposeAsync();
        Contact.Dispose();
    }
}
