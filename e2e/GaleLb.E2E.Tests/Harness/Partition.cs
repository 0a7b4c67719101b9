namespace GaleLb.E2E.Tests.Harness;

/// <summary>Packets that do not arrive: dropped by the receiver's kernel, as if a switch had lost them. What replicas forward is not touched.</summary>
public static class Partition
{
    private const string Table = "galecut";

    /// <summary>Whatever <paramref name="from"/> sends to <paramref name="to"/> is lost; the other direction is as it was.</summary>
    public static Task CutAsync(int from, int to) => DropAsync(Topology.Replica(to), $"ip saddr {Topology.PrivateAddress(from)}");

    /// <summary>Whatever a node sends to a replica itself, its heartbeats, is lost.</summary>
    public static Task CutNodeAsync(int node, int replica) => DropAsync(Topology.Replica(replica), $"ip saddr {Topology.NodeAddress(node)}");

    /// <summary>Whatever a replica answers to a node's heartbeats is lost.</summary>
    public static Task CutAnswersAsync(int replica, int node) =>
        DropAsync(Topology.Node(node), $"ip saddr {Topology.PrivateAddress(replica)} tcp sport {Topology.NodePort}");

    /// <summary>Both directions.</summary>
    public static async Task CutBothAsync(int one, int other)
    {
        await CutAsync(one, other);
        await CutAsync(other, one);
    }

    /// <summary>Everything arrives again.</summary>
    public static async Task HealAsync()
    {
        foreach (var space in Cluster.AllReplicas.Select(Topology.Replica).Concat(Enumerable.Range(1, Topology.Nodes).Select(Topology.Node)))
        {
            await Command.SucceedAsync("nsenter", $"--net={space.Path}", "nft", $"add table inet {Table}; delete table inet {Table}");
        }
    }

    private static Task<string> DropAsync(NetworkNamespace at, string match) => Command.SucceedAsync(
        "nsenter", $"--net={at.Path}", "nft",
        $"add table inet {Table}; add chain inet {Table} in {{ type filter hook input priority 0; }}; add rule inet {Table} in {match} drop");
}
