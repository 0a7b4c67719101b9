using System.Net;
using GaleLb.Raft;
using GaleLb.State;
using GaleLb.State.Commands;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;
using GaleLb.State.Services;
using GaleLb.State.Settings;

namespace GaleLb.Bench.Tables;

/// <summary>What a replica has between its log and its kernel: the state machine, and the builder of its tables.</summary>
internal sealed class Replica
{
    private const int FirstPort = 9000;
    private readonly ClusterStateMachine _machine = new();
    private readonly ForwardingTableBuilder _builder = new();

    private Replica(int services) => Commit(new Bootstrap(
        new ClusterId(1), HashSeed: 42,
        new ClusterSettings(new NodeHealthSettings(), [
            .. Enumerable.Range(0, services).Select(i => new ServiceDefinition(
                ServiceName(i), [], (ushort)(FirstPort + i), Protocol.Tcp, ForwardingMode.L4, HashPolicy.FiveTuple, 8080)),
        ])));

    /// <summary>Every node serves all services: one ring.</summary>
    public static Replica Sharing(int services, int nodes)
    {
        Replica replica = new(services);
        for (int i = 0; i < nodes; i++)
            replica.Route(i, []);
        return replica;
    }

    /// <summary>Every node serves all services but one, each its own: as many rings as services.</summary>
    public static Replica Distinct(int services, int nodes)
    {
        Replica replica = new(services);
        for (int i = 0; i < nodes; i++)
            replica.Route(i, [.. Enumerable.Range(0, services).Where(s => s != i % services).Select(ServiceName)]);
        return replica;
    }

    public static string NodeName(int node) => $"node-{node}";

    /// <summary>Applies an entry of the log, encoded as it is there.</summary>
    public void Commit(Command command)
    {
        byte[] entry = CommandCodec.Encode(new CommandEnvelope(command));
        CommandAnswer answer = CommandAnswerCodec.Decode(_machine.Apply(_machine.AppliedIndex.Next(), new Term(1), EntryKind.Command, entry).Span);
        if (!answer.IsOk)
            throw new InvalidOperationException($"{command}: {answer.Message}");
    }

    /// <summary>The table of the present state.</summary>
    public ForwardingTable Derive() => _builder.Next(_machine.Current);

    private void Route(int node, string[] services)
    {
        string name = NodeName(node);
        IPAddress address = new([10, 72, (byte)(1 + (node / 250)), (byte)(1 + (node % 250))]);
        Commit(new NodeRegister(name, LogIndex.Zero, new NodeDescription(Instance: 1, address, Port: 0, Weight: 100, [.. services]), Serving: true));
        Commit(new NodeRoutable(name, _machine.Current.FindNode(name)!.LastChange));
    }

    private static string ServiceName(int service) => $"web-{service:d3}";
}
