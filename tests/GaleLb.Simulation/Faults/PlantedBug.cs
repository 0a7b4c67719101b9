namespace GaleLb.Simulation.Faults;

/// <summary>
/// Bugs that can be planted to see that an oracle notices. They live in the simulation's own doubles around the production code,
/// which knows nothing of them.
/// </summary>
internal enum PlantedBug
{
    None,
    GrantBeforeSync,
    ForgetVote,
    ForgetTerm,
    ReportUnwritten,
    InflateLastLog,
    CommitUnmatched,
    SkipPreviousCheck,
    TruncateOnEveryAppend,
    CommitEarlierTermByCounting,
    UncheckedMembershipChange,
    AmnesiacMember,
    ReadWithoutQuorum,
    ReadBeforeApplied,
    ApplyAgainAfterRestart,
    SnapshotOneBehind,
    AcknowledgeAtAppend,
    AcknowledgeAnyTerm,
    ProposeTwice,
    NeverBacktrack,
    LoseSnapshotTail,
    SyncDoesNothing,
    DirectoryNeverSynced,
    HardStateNotWritten,
    ApplyDependsOnReplica,
    LossNotNoticed,
    RecoverAtOnce,
    MarkNotWritten,
    IncompleteNotWritten,
    LeaseOutlivesPause,
}
