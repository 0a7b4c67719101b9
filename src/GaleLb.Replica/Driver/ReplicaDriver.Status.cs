using GaleLb.Raft;

namespace GaleLb.Replica.Driver;

/// <content>What people and the rest of the program see.</content>
public sealed partial class ReplicaDriver
{
    private readonly SortedDictionary<MemberId, TimeSpan> _heardAt = [];

    /// <summary>This replica's place in the cluster as of the last <see cref="Settle"/>.</summary>
    public ReplicaStatus Status => new(
        Self, _raft.Role, _raft.Term, _raft.Leader, _raft.FirstIndex, _raft.LastIndex, _raft.CommitIndex, AppliedIndex,
        _shelf.Latest?.Index ?? LogIndex.Zero, _raft.Membership, _raft.Progress, HasLeaderContact(), DirectoryEmpty,
        new FoundingStatus(DirectoryEmpty, _foundingReason), _raft.Loss);

    private void Heard(Message message)
    {
        if (message.Term >= _raft.Term)
            _heardAt[message.From] = _now;
    }

    private bool HasLeaderContact()
    {
        if (_raft.Role != RaftRole.Leader)
            return !_raft.Leader.IsNone && IsFresh(_raft.Leader);
        int fresh = 0;
        foreach (MemberId voter in _raft.Membership.Voters)
            if (voter == Self || IsFresh(voter))
                fresh++;
        return fresh >= _raft.Membership.Quorum;
    }

    private bool IsFresh(MemberId id) => _heardAt.TryGetValue(id, out TimeSpan at) && _now - at <= _options.ElectionTimeoutMax;
}
