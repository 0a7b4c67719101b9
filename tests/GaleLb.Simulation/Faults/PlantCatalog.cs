namespace GaleLb.Simulation.Faults;

/// <summary>What each planted bug does, in words, in which kind of replica it is planted, and a seed that it fails on.</summary>
internal static class PlantCatalog
{
    public static IReadOnlyList<(PlantedBug Bug, string Replicas, int Seed, string What)> All { get; } =
    [
        (PlantedBug.GrantBeforeSync, "core", 8, "messages that must wait for the disk leave before it"),
        (PlantedBug.ForgetVote, "core", 12, "a restart forgets whom the member voted for"),
        (PlantedBug.ForgetTerm, "core", 8, "a restart forgets term and vote"),
        (PlantedBug.ReportUnwritten, "core", 11, "a write is reported durable when it begins"),
        (PlantedBug.InflateLastLog, "core", 3, "candidates claim a longer log than they have"),
        (PlantedBug.CommitUnmatched, "core", 3, "heartbeats carry the leader's commit index, matched there or not"),
        (PlantedBug.SkipPreviousCheck, "core", 5, "followers skip the check of the previous entry's term"),
        (PlantedBug.TruncateOnEveryAppend, "core", 1, "followers cut their log behind every append, late ones too"),
        (PlantedBug.CommitEarlierTermByCounting, "core", 850, "leaders commit entries of earlier terms by counting"),
        (PlantedBug.UncheckedMembershipChange, "core", 1, "leaders change several members at once, at any time"),
        (PlantedBug.AmnesiacMember, "core", 30, "a wiped directory comes back under its old id"),
        (PlantedBug.ReadWithoutQuorum, "core", 47, "a leader takes a read round for confirmed without hearing anyone"),
        (PlantedBug.ReadBeforeApplied, "core", 1, "reads are answered before their index is applied"),
        (PlantedBug.ApplyAgainAfterRestart, "core", 1, "the first entry after a restart is applied twice"),
        (PlantedBug.SnapshotOneBehind, "core", 1, "a snapshot's state is the one of the snapshot before"),
        (PlantedBug.AcknowledgeAtAppend, "core", 1, "orders are acknowledged when the leader appends them"),
        (PlantedBug.AcknowledgeAnyTerm, "core", 5, "orders are acknowledged when anything commits at their index"),
        (PlantedBug.ProposeTwice, "core", 1, "now and then an order is proposed twice"),
        (PlantedBug.NeverBacktrack, "core", 1, "rejected appends are not heard by leaders"),
        (PlantedBug.LoseSnapshotTail, "core", 1, "no chunk of a snapshot after the first arrives"),
        (PlantedBug.SyncDoesNothing, "driver", 1, "syncing a file does nothing"),
        (PlantedBug.DirectoryNeverSynced, "driver", 1, "names of files are never synced"),
        (PlantedBug.HardStateNotWritten, "driver", 1, "term and vote are not written once the replica runs"),
        (PlantedBug.ApplyDependsOnReplica, "driver", 1, "a replica skips a command now and then, each another one"),
        (PlantedBug.LossNotNoticed, "core", 1, "a member that lost entries takes its log for complete"),
        (PlantedBug.RecoverAtOnce, "core", 2, "a member that lost entries counts as complete at the leader's first word"),
        (PlantedBug.MarkNotWritten, "driver", 62, "nothing is written behind a durable batch"),
        (PlantedBug.IncompleteNotWritten, "driver", 52, "that the log lost entries is not written down"),
        (PlantedBug.LeaseOutlivesPause, "driver", 266, "the clock stands still while a replica is paused"),
    ];
}
