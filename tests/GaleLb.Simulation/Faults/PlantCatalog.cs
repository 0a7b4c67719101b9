namespace GaleLb.Simulation.Faults;

/// <summary>What each planted bug does, in words, and in which kind of replica it can be planted.</summary>
internal static class PlantCatalog
{
    public static IReadOnlyList<(PlantedBug Bug, string Replicas, string What)> All { get; } =
    [
        (PlantedBug.GrantBeforeSync, "core", "messages that must wait for the disk leave before it"),
        (PlantedBug.ForgetVote, "core", "a restart forgets whom the member voted for"),
        (PlantedBug.ForgetTerm, "core", "a restart forgets term and vote"),
        (PlantedBug.ReportUnwritten, "core", "a write is reported durable when it begins"),
        (PlantedBug.InflateLastLog, "core", "candidates claim a longer log than they have"),
        (PlantedBug.CommitUnmatched, "core", "heartbeats carry the leader's commit index, matched there or not"),
        (PlantedBug.SkipPreviousCheck, "core", "followers skip the check of the previous entry's term"),
        (PlantedBug.TruncateOnEveryAppend, "core", "followers cut their log behind every append, late ones too"),
        (PlantedBug.CommitEarlierTermByCounting, "core", "leaders commit entries of earlier terms by counting"),
        (PlantedBug.UncheckedMembershipChange, "core", "leaders change several members at once, at any time"),
        (PlantedBug.AmnesiacMember, "core", "a wiped directory comes back under its old id"),
        (PlantedBug.ReadWithoutQuorum, "core", "a leader takes a read round for confirmed without hearing anyone"),
        (PlantedBug.ReadBeforeApplied, "core", "reads are answered before their index is applied"),
        (PlantedBug.ApplyAgainAfterRestart, "core", "the first entry after a restart is applied twice"),
        (PlantedBug.SnapshotOneBehind, "core", "a snapshot's state is the one of the snapshot before"),
        (PlantedBug.AcknowledgeAtAppend, "core", "orders are acknowledged when the leader appends them"),
        (PlantedBug.AcknowledgeAnyTerm, "core", "orders are acknowledged when anything commits at their index"),
        (PlantedBug.ProposeTwice, "core", "now and then an order is proposed twice"),
        (PlantedBug.NeverBacktrack, "core", "rejected appends are not heard by leaders"),
        (PlantedBug.LoseSnapshotTail, "core", "no chunk of a snapshot after the first arrives"),
        (PlantedBug.SyncDoesNothing, "driver", "syncing a file does nothing"),
        (PlantedBug.DirectoryNeverSynced, "driver", "names of files are never synced"),
        (PlantedBug.HardStateNotWritten, "driver", "term and vote are not written once the replica runs"),
        (PlantedBug.ApplyDependsOnReplica, "driver", "a replica skips a command now and then, each another one"),
    ];
}
