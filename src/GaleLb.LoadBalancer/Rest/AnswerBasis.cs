using GaleLb.LoadBalancer.Cluster;
using GaleLb.LoadBalancer.Forwarding;
using GaleLb.LoadBalancer.Nodes;
using GaleLb.State;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>
/// Says of an answer which state it shows. The digest is of that state's table, derived for it where the kernel's is another one's:
/// index and digest always belong together, so that answers of two replicas can be compared.
/// </summary>
internal sealed class AnswerBasis(ClusterMachine machine, TableArchive archive, LeaderContact contact)
{
    public ClusterState State => machine.State;

    public long AgeMs => (long)contact.Age.TotalMilliseconds;

    public T Of<T>(ClusterState state, T answer)
        where T : AnswerDocument =>
        WithoutDigest(state, answer) with { TableDigest = archive.Of(state).Digest };

    /// <summary>
    /// For what is asked or told again and again, so that looking does not make a replica derive tables that it would have skipped while
    /// thousands of nodes change. Status and cluster tell indexes and digests of tables by themselves.
    /// </summary>
    public T WithoutDigest<T>(ClusterState state, T answer)
        where T : AnswerDocument =>
        answer with { AppliedIndex = state.AppliedIndex.Value, AgeMs = AgeMs };
}
