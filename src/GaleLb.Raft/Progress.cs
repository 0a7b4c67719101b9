namespace GaleLb.Raft;

internal enum ProgressState : byte
{
    /// <summary>Where the logs agree is unknown: one append at a time.</summary>
    Probe,

    /// <summary>They agree: appends are pipelined, <see cref="Progress.Next"/> advances when one is sent.</summary>
    Replicate,

    /// <summary>What the peer needs is compacted: it is being sent a snapshot.</summary>
    Snapshot,
}

/// <summary>What a leader knows of one member (itself included, for uniform counting).</summary>
internal sealed class Progress(Member member, InflightWindow inflight)
{
    public Member Member { get; set; } = member;
    public MemberId Id => Member.Id;
    public ProgressState State { get; private set; } = ProgressState.Probe;

    /// <summary>The last entry known to be durable there and equal to ours. Moves back within a term only when the member lost entries.</summary>
    public LogIndex Match { get; set; }

    /// <summary>The next entry to send; always beyond <see cref="Match"/>.</summary>
    public LogIndex Next { get; set; }

    /// <summary>In probe: an append is out, and the next goes only after an answer or a heartbeat's.</summary>
    public bool ProbeOutstanding { get; set; }

    /// <summary>The newest commit index sent along; a lost one is repeated by heartbeats.</summary>
    public LogIndex CommitSent { get; set; }

    /// <summary>The tick of the last message from this member in our term.</summary>
    public long HeardAt { get; set; }

    /// <summary>The newest ReadIndex round it confirmed (thesis §6.4).</summary>
    public ulong ReadSequence { get; set; }

    /// <summary>By which the member says that its log is incomplete; zero when it is not.</summary>
    public ulong RecoveryToken { get; set; }

    /// <summary>Where our log ended when we first heard the token.</summary>
    public LogIndex RecoveryTarget { get; set; }

    public InflightWindow Inflight { get; } = inflight;
    public SnapshotTransfer? Transfer { get; private set; }

    public void BecomeProbe(LogIndex next)
    {
        State = ProgressState.Probe;
        Next = next > Match ? next : Match.Next();
        ProbeOutstanding = false;
        Transfer = null;
        Inflight.Clear();
    }

    public void BecomeReplicate()
    {
        State = ProgressState.Replicate;
        Next = Match.Next();
        ProbeOutstanding = false;
        Transfer = null;
        Inflight.Clear();
    }

    public void BecomeSnapshot(SnapshotTransfer transfer)
    {
        State = ProgressState.Snapshot;
        ProbeOutstanding = false;
        Transfer = transfer;
        Inflight.Clear();
    }

    public bool IsPaused => State switch
    {
        ProgressState.Probe => ProbeOutstanding,
        ProgressState.Replicate => Inflight.IsFull,
        _ => true,
    };
}

/// <summary>A snapshot on its way to one peer. Offsets are in bytes.</summary>
internal sealed class SnapshotTransfer(SnapshotMetadata metadata, long totalBytes)
{
    public SnapshotMetadata Metadata { get; } = metadata;
    public long TotalBytes { get; } = totalBytes;

    /// <summary>Arrived there, contiguous from zero.</summary>
    public long Acknowledged { get; set; }

    public long Sent { get; set; }

    /// <summary>Something arrived since the last heartbeat's answer; if not, chunks or answers were lost.</summary>
    public bool Progressed { get; set; } = true;

    /// <summary>Nothing moved for a heartbeat: only now may an answer move <see cref="Acknowledged"/> back (the receiver started over).</summary>
    public bool Stalled { get; set; }
}
