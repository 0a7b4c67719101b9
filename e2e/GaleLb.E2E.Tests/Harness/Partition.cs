namespace GaleLb.E2E.Tests.Harness;

/// <summary>Packets between replicas that do not arrive: dropped by the receiver's kernel, as if a switch had lost them. Clients and nodes notice nothing.</summary>
public static class Partition
{
    private const string Table = "galecut";

    /// <summary>Whatever <paramref name="from"/> sends to <paramref name="to"/> is lost; the other direction is as it was.</summary>
    public static Task CutAsync(int from, int to) => Command.SucceedAsync(
        "nsenter", $"--net={Topology.Replica(to).Path}", "nft",
        $"add table inet {Table}; add chain inet {Table} in {{ type filter hook input priority 0; }}; " +
        $"add rule inet {Table} in ip saddr {Topology.PrivateAddress(from)} drop");

    /// <summary>Both directions.</summary>
    public static async Task CutBothAsync(int one, int other)
    {
        await CutAsync(one, other);
        await CutAsync(other, one);
    }

    /// <summary>Everything arrives again.</summary>
    public static async Task HealAsync()
    {
        foreach (var replica in Cluster.AllReplicas)
        {
            await Command.SucceedAsync(
                "nsenter", $"--net={Topology.Replica(replica).Path}", "nft", $"add table inet {Table}; delete table inet {Table}");
        }
    }
}
