using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;

namespace GaleLb.DataPlane.Flows;

/// <summary>A map of flows as the sweeper needs it.</summary>
internal interface IFlowTable
{
    int LookUpBatch(BpfBatchCursor cursor, Span<GaleFlowKey> keys, Span<GaleFlow> values);

    bool TryLookUp(in GaleFlowKey key, out GaleFlow flow);

    int Delete(ReadOnlySpan<GaleFlowKey> keys);
}

/// <summary>The kernel's.</summary>
internal sealed class KernelFlowTable(BpfMap map) : IFlowTable
{
    public int LookUpBatch(BpfBatchCursor cursor, Span<GaleFlowKey> keys, Span<GaleFlow> values) => map.LookUpBatch(cursor, keys, values);

    public bool TryLookUp(in GaleFlowKey key, out GaleFlow flow) => map.TryLookUp(in key, out flow);

    public int Delete(ReadOnlySpan<GaleFlowKey> keys) => map.DeleteBatch(keys);
}
