using System.Collections.Immutable;
using System.Net;
using GaleLb.Raft;
using GaleLb.State;
using GaleLb.State.Blocks;
using GaleLb.State.Commands;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;
using GaleLb.State.Services;
using GaleLb.State.Settings;

namespace GaleLb.Simulation.Workload;

/// <summary>
/// Commands of every kind on a few nodes and services, mostly such as a leader or an operator would give in the state at hand; by
/// the time they are applied the state may be another.
/// </summary>
internal static class CommandMix
{
    private const int Nodes = 6;

    public static Command Next(ClusterState state, SimulationRandom random)
    {
        if (!state.IsFounded)
            return new Bootstrap(new ClusterId(7), 42, Settings());
        string node = $"node-{random.Next(Nodes)}";
        LogIndex seen = state.FindNode(node)?.LastChange ?? LogIndex.Zero;
        return random.Next(16) switch
        {
            0 or 1 or 2 => new NodeRegister(node, seen, Describe(node, random), Serving: random.Next(5) != 0),
            3 or 4 => new NodeRoutable(node, seen),
            5 => new NodeReturned(node, seen),
            6 => new NodeDown(node, seen, random.Pick([DownReason.Timeout, DownReason.NotServing, DownReason.Leaving])),
            7 => new DrainNode(node, Force: random.Next(2) == 0),
            8 => new UndrainNode(node),
            9 => new SetNodeWeight(node, (ushort)random.Next(300), Force: true),
            10 => new BanNode(node, 1_000, "test", Force: random.Next(2) == 0),
            11 => new UnbanNode(node),
            12 => new RemoveNode(node, Force: random.Next(2) == 0),
            13 => new BlockClients(Prefix(random), DurationMs: null, "test"),
            14 => new UnblockClients(Prefix(random)),
            _ => new NodeFlowsRefused(node, seen),
        };
    }

    private static NodeDescription Describe(string node, SimulationRandom random) =>
        new(1 + (ulong)random.Next(3), new IPAddress([10, 1, 0, (byte)(1 + node[^1] - '0')]), 8000, NodeDescription.WeightDefault, []);

    private static ClientPrefix Prefix(SimulationRandom random) => new(new IPAddress([192, 168, (byte)random.Next(3), 0]), 24);

    private static ClusterSettings Settings() => new(
        new NodeHealthSettings(),
        [new ServiceDefinition("web", ImmutableArray<IPAddress>.Empty, 80, Protocol.Tcp, ForwardingMode.L4, HashPolicy.FiveTuple, 8000)]);
}
