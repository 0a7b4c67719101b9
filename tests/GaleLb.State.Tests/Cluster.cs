using System.Collections.Immutable;
using System.Net;
using GaleLb.Raft;
using GaleLb.State.Commands;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;
using GaleLb.State.Services;
using GaleLb.State.Settings;

namespace GaleLb.State.Tests;

/// <summary>A state machine under test: commands in, log time by hand, everything through the encoded form.</summary>
internal sealed class Cluster
{
    public static readonly ServiceDefinition Web = Service("web", 8080);

    private readonly ClusterStateMachine _machine = new();

    public ClusterState State => _machine.Current;
    public ClusterStateMachine Machine => _machine;
    public LogTime Time { get; private set; }
    public NodeRecord Node(string name) => State.FindNode(name) ?? throw new InvalidOperationException($"no node {name}");

    public static Cluster Founded(NodeHealthSettings? health = null, params ServiceDefinition[] services)
    {
        Cluster cluster = new();
        cluster.Apply(new Bootstrap(new ClusterId(0xC1), 42, new ClusterSettings(
            health ?? new NodeHealthSettings(), services.Length == 0 ? [Web] : [.. services]))).IsOk.Should().BeTrue();
        return cluster;
    }

    public static ServiceDefinition Service(string name, ushort port, params string[] addresses) => new(
        name, [.. addresses.Select(IPAddress.Parse)], port, Protocol.Tcp, ForwardingMode.L4, HashPolicy.FiveTuple, port);

    public static NodeDescription At(string address, ulong instance = 1, ushort weight = 100, ushort port = 0, params string[] services) =>
        new(instance, IPAddress.Parse(address), port, weight, [.. services]);

    /// <summary>Applies one command at the present log time.</summary>
    public CommandAnswer Apply(Command command) => Apply(new CommandEnvelope(command));

    public CommandAnswer Apply(CommandEnvelope envelope)
    {
        byte[] bytes = CommandCodec.Encode(envelope with { LogTime = Time, WallTimeMs = 1_700_000_000_000 + Time.Milliseconds });
        ReadOnlyMemory<byte> answer = _machine.Apply(_machine.AppliedIndex.Next(), new Term(1), EntryKind.Command, bytes);
        return CommandAnswerCodec.Decode(answer.Span);
    }

    public Cluster Wait(long milliseconds)
    {
        Time = Time.Plus(milliseconds);
        return this;
    }

    /// <summary>Registers and routes nodes node-1 to node-n at 10.0.x.y.</summary>
    public Cluster WithRoutable(int nodes)
    {
        for (int i = 1; i <= nodes; i++)
            Route($"node-{i}", $"10.0.{i / 250}.{(i % 250) + 1}");
        return this;
    }

    public NodeRecord Route(string name, string address, ushort weight = 100, params string[] services)
    {
        Apply(new NodeRegister(name, LogIndex.Zero, At(address, weight: weight, services: services), Serving: true)).IsOk.Should().BeTrue();
        Apply(new NodeRoutable(name, Seen(name))).IsOk.Should().BeTrue();
        return Node(name);
    }

    public CommandAnswer Register(string name, string address) => Apply(new NodeRegister(name, Seen(name), At(address), Serving: true));

    public CommandAnswer Expire(string name) => Apply(new BlacklistExpired(name, State.Blacklist[name].LastChange));

    public CommandAnswer Down(string name, DownReason reason = DownReason.Timeout) => Apply(new NodeDown(name, Seen(name), reason));

    /// <summary>Down by timeout, back, probed and routable again.</summary>
    public void Flap(string name)
    {
        Wait(State.NodeHealth.ChecksTimeoutMs + 1);
        Down(name).IsOk.Should().BeTrue();
        if (Node(name).Phase == NodePhase.Blacklisted)
            return;
        Apply(new NodeReturned(name, Seen(name))).IsOk.Should().BeTrue();
        Apply(new NodeRoutable(name, Seen(name))).IsOk.Should().BeTrue();
    }

    public LogIndex Seen(string name) => State.FindNode(name)?.LastChange ?? LogIndex.Zero;

    public ForwardingTable Table() => ForwardingTableBuilder.Derive(State);

    /// <summary>Slots of a service's ring by node name.</summary>
    public ImmutableSortedDictionary<string, int> Shares(string service)
    {
        ForwardingTable table = Table();
        RingId? ring = table.Services.Single(s => s.Name == service).Ring;
        if (ring is null)
            return ImmutableSortedDictionary<string, int>.Empty;
        Dictionary<NodeIndex, string> names = table.Nodes.ToDictionary(n => n.Index, n => n.Name);
        return table.Rings.Single(r => r.Id == ring).Slots.GroupBy(s => names[s])
            .ToImmutableSortedDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
    }
}
