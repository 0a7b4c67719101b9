using System.Buffers.Binary;
using GaleLb.Raft;
using GaleLb.Simulation.Replicas;

namespace GaleLb.Simulation.Oracles;

/// <summary>
/// An acknowledged order is in the log at the index that its client was told, once; a refused one is not there at all. Orders carry
/// their number in their first eight bytes.
/// </summary>
internal sealed class AcknowledgedOrders(Func<Entry, ulong?> orderOf) : Oracle
{
    private readonly Dictionary<ulong, LogIndex> _committed = [];
    private readonly Dictionary<LogIndex, ulong?> _at = [];
    private readonly Dictionary<ulong, LogIndex> _acknowledged = [];
    private readonly HashSet<ulong> _refused = [];

    public int Acknowledged => _acknowledged.Count;

    public override void Applied(SimulatedMember member, Entry entry, ulong? stateDigest)
    {
        ulong? order = orderOf(entry);
        if (!_at.TryAdd(entry.Index, order) || order is not { } number)
            return;
        if (!_committed.TryAdd(number, entry.Index))
            throw Failure($"order {number} is carried out twice, at {_committed[number]} and at {entry.Index}");
        if (_refused.Contains(number))
            throw Failure($"order {number} was refused, but is carried out at {entry.Index}");
    }

    public override void OrderAcknowledged(ulong order, LogIndex index)
    {
        _acknowledged[order] = index;
        if (!_at.TryGetValue(index, out ulong? there) || there != order)
            throw Failure($"order {order} was acknowledged at {index}, where {(there is null ? "nothing" : $"order {there}")} is committed");
    }

    public override void OrderRefused(ulong order)
    {
        _refused.Add(order);
        if (_committed.TryGetValue(order, out LogIndex index))
            throw Failure($"order {order} was refused, but was carried out at {index}");
    }

    public static ulong NumberOf(ReadOnlySpan<byte> payload) => BinaryPrimitives.ReadUInt64LittleEndian(payload);
}
