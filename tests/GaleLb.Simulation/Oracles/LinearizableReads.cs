using GaleLb.Raft;

namespace GaleLb.Simulation.Oracles;

/// <summary>
/// A read sees every order acknowledged, and every state another read saw, before it was asked. Indexes are the history's order,
/// so one comparison suffices.
/// </summary>
internal sealed class LinearizableReads : Oracle
{
    private readonly Dictionary<ulong, LogIndex> _floors = [];
    private LogIndex _seen;

    public int Answered { get; private set; }

    public override void OrderAcknowledged(ulong order, LogIndex index) => See(index);

    public override void ReadInvoked(ulong token) => _floors.Add(token, _seen);

    public override void ReadAnswered(ulong token, LogIndex index, LogIndex applied)
    {
        _floors.Remove(token, out LogIndex floor);
        Answered++;
        if (index < floor)
            throw Failure($"read {token} was granted at {index}, but {floor} had been seen before it was asked");
        if (applied < index)
            throw Failure($"read {token} was granted at {index} and answered from a state at {applied}");
        See(applied);
    }

    private void See(LogIndex index) => _seen = index > _seen ? index : _seen;
}
