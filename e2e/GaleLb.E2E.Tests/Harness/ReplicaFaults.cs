using System.Collections.Immutable;

namespace GaleLb.E2E.Tests.Harness;

/// <summary>Something that happens to replicas, and how it ends. A majority can talk to each other meanwhile.</summary>
public sealed record ReplicaFault(string Name, Func<Task> Begin, Func<Task> End);

/// <summary>The faults that the cluster is to survive, each about the replica that leads at the moment or about another.</summary>
public sealed class ReplicaFaults(Cluster cluster, Random random)
{
    /// <summary>One of each kind.</summary>
    public ImmutableArray<Func<Task<ReplicaFault>>> Kinds =>
    [
        async () => Killed("the leader is killed", await LeaderAsync()),
        async () => Killed("a follower is killed", await FollowerAsync()),
        async () => Paused("the leader is paused", await LeaderAsync()),
        async () => Paused("a follower is paused", await FollowerAsync()),
        async () => Parted("the leader is cut off", async (leader, one, other) =>
        {
            await Partition.CutBothAsync(leader, one);
            await Partition.CutBothAsync(leader, other);
        }, await LeaderAsync()),
        async () => Parted("a follower is cut off", async (leader, one, other) =>
        {
            await Partition.CutBothAsync(one, leader);
            await Partition.CutBothAsync(one, other);
        }, await LeaderAsync()),
        async () => Parted("the leader is heard but hears nobody", async (leader, one, other) =>
        {
            await Partition.CutAsync(one, leader);
            await Partition.CutAsync(other, leader);
        }, await LeaderAsync()),
        async () => Parted("the leader hears but is not heard", async (leader, one, other) =>
        {
            await Partition.CutAsync(leader, one);
            await Partition.CutAsync(leader, other);
        }, await LeaderAsync()),
        async () => Parted("the leader and a follower meet only through the other", (leader, one, _) => Partition.CutBothAsync(leader, one), await LeaderAsync()),
        async () => Parted("one follower is not heard by the leader", (leader, one, _) => Partition.CutAsync(one, leader), await LeaderAsync()),
        async () => Stalled("the leader's disk stalls", await LeaderAsync()),
        async () => Stalled("a follower's disk stalls", await FollowerAsync()),
    ];

    public async Task<int> LeaderAsync() => await cluster.WaitForLeaderAsync(Cluster.AllReplicas);

    private async Task<int> FollowerAsync() => Follower(await LeaderAsync());

    private int Follower(int leader) => Cluster.AllReplicas.Remove(leader)[random.Next(2)];

    private ReplicaFault Killed(string name, int replica) => new(
        $"{name}: lb-{replica}",
        () => Done(cluster.Replica(replica).Kill),
        () => Done(() => cluster.StartReplica(replica)));

    private ReplicaFault Paused(string name, int replica) => new(
        $"{name}: lb-{replica}",
        () => Done(cluster.Replica(replica).Pause),
        () => Done(cluster.Replica(replica).Resume));

    private ReplicaFault Stalled(string name, int replica) => new($"{name}: lb-{replica}", cluster.Disk(replica).StallAsync, cluster.Disk(replica).ResumeAsync);

    private ReplicaFault Parted(string name, Func<int, int, int, Task> cut, int leader)
    {
        var one = Follower(leader);
        var other = Cluster.AllReplicas.Remove(leader).Remove(one)[0];
        return new($"{name}: lb-{leader} leads, lb-{one}, lb-{other}", () => cut(leader, one, other), Partition.HealAsync);
    }

    private static Task Done(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}
