using GaleLb.Raft;
using GaleLb.Simulation.Replicas;

namespace GaleLb.Simulation.Oracles;

/// <summary>
/// Every member applies the same entry at an index, each once and in order, and equal index means equal state, snapshots included
/// (thesis figure 3.2).
/// </summary>
internal sealed class StateMachineSafety : Oracle
{
    private readonly Dictionary<LogIndex, (Term Term, ulong Payload, MemberId By)> _applied = [];
    private readonly Dictionary<LogIndex, ulong> _states = [];
    private readonly Dictionary<MemberId, LogIndex> _position = [];

    public override void Started(SimulatedMember member)
    {
        _position[member.Id] = member.Applied;
        CheckState(member, member.Applied, member.StateDigest);
    }

    public override void Applied(SimulatedMember member, Entry entry, ulong? stateDigest)
    {
        if (entry.Index != _position[member.Id].Next())
            throw Failure($"{member.Id} applies {entry.Index} after {_position[member.Id]}");
        _position[member.Id] = entry.Index;
        (Term, ulong, MemberId) now = (entry.Term, Digest.Of(entry), member.Id);
        if (!_applied.TryAdd(entry.Index, now))
        {
            (Term term, ulong payload, MemberId by) = _applied[entry.Index];
            if (term != entry.Term || payload != now.Item2)
                throw Failure($"at {entry.Index} {by} applied an entry of term {term}, {member.Id} another of term {entry.Term}");
        }
        CheckState(member, entry.Index, stateDigest);
    }

    public override void Restored(SimulatedMember member, LogIndex index, ulong stateDigest)
    {
        _position[member.Id] = index;
        CheckState(member, index, stateDigest);
    }

    public override void StateKnown(SimulatedMember member, LogIndex index, ulong stateDigest) => CheckState(member, index, stateDigest);

    private void CheckState(SimulatedMember member, LogIndex index, ulong? known)
    {
        if (known is { } digest && !_states.TryAdd(index, digest) && _states[index] != digest)
            throw Failure($"at {index} the state of {member.Id} differs from another's at that index");
    }
}
