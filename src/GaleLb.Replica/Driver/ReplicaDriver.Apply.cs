using System.Collections.Immutable;
using GaleLb.Raft;

namespace GaleLb.Replica.Driver;

/// <content>Committed entries reach the state machine, in order, once.</content>
public sealed partial class ReplicaDriver
{
    private const int EntryOverheadBytes = 32;

    private Term _appliedTerm;
    private Membership _appliedMembership = Membership.Empty;

    private void Apply(ImmutableArray<Entry> committed)
    {
        if (committed.IsEmpty)
            return;
        foreach (Entry entry in committed)
        {
            ReadOnlyMemory<byte> answer = _machine.Apply(entry);
            AppliedIndex = entry.Index;
            _appliedTerm = entry.Term;
            if (entry.Kind == EntryKind.Membership)
                MembershipApplied(MembershipCodec.Decode(entry.Payload.Span));
            _entriesSinceSnapshot++;
            _bytesSinceSnapshot += entry.Payload.Length + EntryOverheadBytes;
            CompleteProposal(entry, answer);
        }

        _core.Applied(AppliedIndex);
        _effects.Add(ReplicaEffect.Applied(AppliedIndex));
    }

    /// <summary>A received snapshot replaces the state at once; what it would answer for is committed in the cluster already.</summary>
    private void Restore(Snapshot snapshot)
    {
        _machine.Restore(snapshot.Metadata, snapshot.State);
        AppliedIndex = snapshot.Metadata.Index;
        _appliedTerm = snapshot.Metadata.Term;
        _entriesSinceSnapshot = 0;
        _bytesSinceSnapshot = 0;
        MembershipApplied(snapshot.Metadata.Membership);
        _effects.Add(ReplicaEffect.Applied(AppliedIndex));
    }
}
