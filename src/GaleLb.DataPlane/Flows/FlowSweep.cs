using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;

namespace GaleLb.DataPlane.Flows;

/// <summary>
/// Walks over one flow map in bounded steps and deletes what has outlived its timeout: a pair together, and only when both halves are idle; a
/// half that has lost its other one by its own age. Not thread-safe.
/// </summary>
internal sealed class FlowSweep(IFlowTable table, FlowTimeouts timeouts, int stepSize)
{
    private readonly GaleFlowKey[] keys = new GaleFlowKey[stepSize];
    private readonly GaleFlow[] values = new GaleFlow[stepSize];
    private BpfBatchCursor cursor = new();
    private long seen;

    /// <summary>Pairs and orphans in the map as of the last whole walk.</summary>
    public long Flows { get; private set; }

    public long Expired { get; private set; }

    public long Orphans { get; private set; }

    public long Walks { get; private set; }

    /// <summary>One step. True when it ended a walk.</summary>
    public bool Step(uint nowMs)
    {
        int count = ReadBatch();
        for (int i = 0; i < count; i++) Judge(keys[i], values[i], nowMs);
        if (!cursor.AtEnd) return false;

        Flows = seen;
        seen = 0;
        Walks++;
        cursor = new BpfBatchCursor();
        return true;
    }

    private int ReadBatch()
    {
        while (true)
        {
            try
            {
                return table.LookUpBatch(cursor, keys, values);
            }
            catch (BpfException e) when (e.Errno == Errno.ENOSPC)
            {
                // A bucket holds more than the batch has room for: this walk ends here, the next begins at the start. With a step of
                // hundreds of entries that takes a degenerate hash.
                cursor = new BpfBatchCursor { AtEnd = true };
                return 0;
            }
        }
    }

    /// <summary>
    /// What the batch says may be milliseconds old, and a new connection may have taken over addresses and ports of an old one
    /// since. So an idle half is looked at again, and what is to go goes at once: between looking and deleting lie
    /// two system calls, not the judging of a whole batch.
    /// </summary>
    private void Judge(in GaleFlowKey key, in GaleFlow batched, uint nowMs)
    {
        GaleFlow flow = batched;
        if (IsIdle(flow, flow.State, nowMs) && !table.TryLookUp(in key, out flow)) return;
        GaleFlowKey otherKey = flow.OtherHalf(key.Protocol);
        bool idle = IsIdle(flow, flow.State, nowMs);
        if (!idle)
        {
            if (flow.Direction == GaleFlowDirection.Forward) seen++;
            return;
        }

        bool paired = table.TryLookUp(in otherKey, out GaleFlow other) && other.OtherHalf(key.Protocol) == key;
        if (!paired)
        {
            table.Delete([key]);
            Orphans++;
            return;
        }

        // The pair is judged once, by its forward half.
        if (flow.Direction != GaleFlowDirection.Forward) return;
        if (!IsIdle(other, flow.State, nowMs))
        {
            seen++;
            return;
        }

        table.Delete([otherKey, key]);
        Expired++;
    }

    private bool IsIdle(in GaleFlow flow, GaleFlowState state, uint nowMs)
    {
        int index = (int)state;
        uint timeout = index is > 0 and < 9 ? timeouts[index] : 0;

        // A time stamp of a moment ahead is a packet that came after the clock was read, not one of 49 days ago.
        uint age = nowMs - flow.LastSeenMs;
        return age < int.MaxValue && age > timeout;
    }
}
