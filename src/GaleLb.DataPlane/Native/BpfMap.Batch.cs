namespace GaleLb.DataPlane.Native;

/// <summary>Calls that move many elements at once (since kernel 5.6).</summary>
public sealed partial class BpfMap
{
    /// <summary>Inserts or replaces many elements; they become visible one after the other.</summary>
    public unsafe void UpdateBatch<TKey, TValue>(ReadOnlySpan<TKey> keys, ReadOnlySpan<TValue> values)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        CheckSizes(sizeof(TKey), sizeof(TValue), UserValueSize);
        if (values.Length != keys.Length) throw new ArgumentException($"{keys.Length} keys, {values.Length} values", nameof(values));
        if (keys.IsEmpty) return;
        MapBatchOpts opts = new() { Size = (nuint)sizeof(MapBatchOpts) };
        uint count = (uint)keys.Length;
        fixed (TKey* k = keys)
        fixed (TValue* v = values)
            BpfException.ThrowIfNegative(LibBpf.bpf_map_update_batch(Fd, k, v, &count, &opts), $"update {keys.Length} in {Info.Name}");
    }

    /// <summary>Deletes many elements; one that has gone meanwhile is passed over. Returns how many were deleted here.</summary>
    public unsafe int DeleteBatch<TKey>(ReadOnlySpan<TKey> keys)
        where TKey : unmanaged
    {
        CheckSizes(sizeof(TKey), UserValueSize, UserValueSize);
        MapBatchOpts opts = new() { Size = (nuint)sizeof(MapBatchOpts) };
        int deleted = 0;
        fixed (TKey* k = keys)
        {
            int at = 0;
            while (at < keys.Length)
            {
                uint count = (uint)(keys.Length - at);
                int result = LibBpf.bpf_map_delete_batch(Fd, k + at, &count, &opts);
                if (result >= 0)
                {
                    deleted += (int)count;
                    break;
                }

                // On a missing key the kernel stops there and says how many it deleted before.
                if (result != -Errno.ENOENT) BpfException.ThrowIfNegative(result, $"delete {keys.Length} from {Info.Name}");
                deleted += (int)count;
                at += (int)count + 1;
            }
        }

        return deleted;
    }

    /// <summary>
    /// Reads up to <c>keys.Length</c> elements from where <paramref name="cursor"/> stands and moves it on. Under concurrent change an element
    /// may be missed or come twice.
    /// </summary>
    /// <param name="cursor">Opaque; start with a new one.</param>
    /// <returns>How many were read; <see cref="BpfBatchCursor.AtEnd"/> says that the walk is complete.</returns>
    public unsafe int LookUpBatch<TKey, TValue>(BpfBatchCursor cursor, Span<TKey> keys, Span<TValue> values)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        CheckSizes(sizeof(TKey), sizeof(TValue), UserValueSize);
        if (values.Length != keys.Length) throw new ArgumentException($"{keys.Length} keys, {values.Length} values", nameof(values));
        if (cursor.AtEnd || keys.IsEmpty) return 0;

        MapBatchOpts opts = new() { Size = (nuint)sizeof(MapBatchOpts) };
        cursor.EnsureSize(Math.Max(Info.KeySize, sizeof(uint)));
        uint count = (uint)keys.Length;
        int result;
        fixed (byte* position = cursor.Position)
        fixed (TKey* k = keys)
        fixed (TValue* v = values)
            result = LibBpf.bpf_map_lookup_batch(Fd, cursor.Started ? position : null, position, k, v, &count, &opts);

        cursor.Started = true;
        if (result == -Errno.ENOENT)
        {
            cursor.AtEnd = true;
            return (int)count;
        }

        BpfException.ThrowIfNegative(result, $"read a batch of {keys.Length} from {Info.Name}");
        return (int)count;
    }
}

/// <summary>Where a walk over a map by batches stands.</summary>
public sealed class BpfBatchCursor
{
    internal byte[] Position { get; private set; } = [];

    internal bool Started { get; set; }

    /// <summary>True once the walk has seen the whole map.</summary>
    public bool AtEnd { get; internal set; }

    internal void EnsureSize(int size)
    {
        if (Position.Length < size) Position = new byte[size];
    }
}
