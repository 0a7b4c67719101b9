namespace GaleLb.Simulation.Faults;

/// <summary>What each planted bug does, in words.</summary>
internal static class PlantCatalog
{
    public static IReadOnlyList<(PlantedBug Bug, string What)> All { get; } =
    [
        (PlantedBug.GrantBeforeSync, "messages that must wait for the disk leave before it"),
        (PlantedBug.ForgetVote, "a restart forgets whom the member voted for"),
        (PlantedBug.ForgetTerm, "a restart forgets term and vote"),
        (PlantedBug.ReportUnwritten, "a write is reported durable when it begins"),
        (PlantedBug.InflateLastLog, "candidates claim a longer log than they have"),
        (PlantedBug.CommitUnmatched, "heartbeats carry the leader's commit index, matched there or not"),
        (PlantedBug.SkipPreviousCheck, "followers skip the check of the previous entry's term"),
        (PlantedBug.TruncateOnEveryAppend, "followers cut their log behind every append, late ones too"),
        (PlantedBug.CommitEarlierTermByCounting, "leaders commit entries of earlier terms by counting"),
        (PlantedBug.UncheckedMembershipChange, "leaders change several members at once, at any time"),
        (PlantedBug.AmnesiacMember, "a wiped directory comes back under its old id"),
        (PlantedBug.ReadWithoutQuorum, "a leader takes a read round for confirmed without hearing anyone"),
        (PlantedBug.ReadBeforeApplied, "reads are answered before their index is applied"),
        (PlantedBug.ApplyAgainAfterRestart, "the first entry after a restart is applied twice"),
        (PlantedBug.SnapshotOneBehind, "a snapshot's state lacks its last entry"),
        (PlantedBug.AcknowledgeAtAppend, "orders are acknowledged when the leader appends them"),
        (PlantedBug.AcknowledgeAnyTerm, "orders are acknowledged when anything commits at their index"),
        (PlantedBug.ProposeTwice, "now and then an order is proposed twice"),
        (PlantedBug.NeverBacktrack, "rejected appends are not heard by leaders"),
        (PlantedBug.LoseSnapshotTail, "no chunk of a snapshot after the first arrives"),
    ];
}
