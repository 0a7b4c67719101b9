using System.Text;

namespace GaleLb.Raft.Tests.Harness;

/// <summary>Messages, entries and memberships as one short line each, for scenario files.</summary>
internal static class MessageText
{
    public static string Describe(Message message) => $"{message.From.Value}→{message.To.Value} " + message switch
    {
        VoteRequest m => $"{(m.PreVote ? "pre-vote?" : "vote?")} term {m.Term} last {m.LastIndex}/{m.LastTerm}{(m.Transfer ? " transfer" : "")}",
        VoteResponse m => $"{(m.PreVote ? "pre-vote" : "vote")} term {m.Term} {(m.Granted ? "granted" : "refused")}",
        AppendRequest m => $"append term {m.Term} after {m.PreviousIndex}/{m.PreviousTerm} [{string.Join(' ', m.Entries.Select(Describe))}] commit {m.Commit}",
        AppendResponse { Accepted: true } m => $"appended term {m.Term} through {m.Index}",
        AppendResponse m => $"rejected term {m.Term} after {m.Index}, perhaps {m.HintIndex}/{m.HintTerm}",
        HeartbeatRequest m => $"heartbeat term {m.Term} commit {m.Commit} read {m.ReadSequence}",
        HeartbeatResponse m => $"alive term {m.Term} read {m.ReadSequence}",
        SnapshotChunk m => $"snapshot term {m.Term} at {m.Metadata.Index}/{m.Metadata.Term} bytes {m.Offset}+{m.Bytes.Length} of {m.TotalBytes}",
        SnapshotChunkResponse m => $"snapshot term {m.Term} at {m.Index} next {m.NextOffset}",
        ReadIndexRequest m => $"read? term {m.Term}",
        ReadIndexResponse m => $"read term {m.Term} at {m.Index?.ToString() ?? "none"}",
        TimeoutNow m => $"timeout-now term {m.Term}",
        _ => message.GetType().Name,
    };

    public static string Describe(Entry entry) => $"{entry.Index}/{entry.Term}" + entry.Kind switch
    {
        EntryKind.Empty => "",
        EntryKind.Command => ":" + Encoding.UTF8.GetString(entry.Payload.Span),
        _ => ":members",
    };

    public static string Describe(Membership membership) => membership.IsEmpty ? "nobody" : string.Join(' ', membership.Members.Select(Describe));

    private static string Describe(Member member) => member.Id.Value + member switch
    {
        { Vacant: true } => "(vacant)",
        { Role: MemberRole.Learner } => "(learner)",
        { Role: MemberRole.Observer } => "(observer)",
        _ => "",
    };
}
