using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Native;

/// <summary>A loaded map. Calls are atomic per element in the kernel and may come from any thread.</summary>
public sealed partial class BpfMap : IDisposable
{
    /// <summary>BPF_F_MMAPABLE of linux/bpf.h.</summary>
    public const uint Mmapable = 1u << 10;

    internal BpfMap(BpfFd fd)
    {
        Fd = fd;
        Info = ReadInfo(fd);
    }

    public BpfFd Fd { get; }

    public BpfMapInfo Info { get; }

    /// <summary>The bytes of one value as user space sees it: per-CPU maps give one value a possible CPU, each padded to 8 bytes.</summary>
    public int UserValueSize => IsPerCpu ? PaddedValueSize * BpfObject.PossibleCpus : Info.ValueSize;

    private bool IsPerCpu => Info.Type is BpfMapType.PerCpuArray or BpfMapType.PerCpuHash or BpfMapType.LruPerCpuHash;

    private int PaddedValueSize => (Info.ValueSize + 7) & ~7;

    /// <summary>Creates a map without an object, as for the inner maps of a map of maps.</summary>
    public static unsafe BpfMap Create(BpfMapType type, string name, int keySize, int valueSize, uint maxEntries, uint flags)
    {
        MapCreateOpts opts = new() { Size = (nuint)sizeof(MapCreateOpts), MapFlags = flags };
        int fd = LibBpf.bpf_map_create((int)type, name, (uint)keySize, (uint)valueSize, maxEntries, &opts);
        return new BpfMap(BpfFd.Own(fd, $"create map {name}"));
    }

    /// <exception cref="BpfException">ENOENT if nothing is pinned there.</exception>
    public static BpfMap OpenPinned(string path) => new(BpfFd.Own(LibBpf.bpf_obj_get(path), $"open pinned map {path}"));

    /// <summary>Opens a map by the id that a map of maps returns for its elements.</summary>
    public static BpfMap OpenById(uint id) => new(BpfFd.Own(LibBpf.bpf_map_get_fd_by_id(id), $"open map id {id}"));

    public void Pin(string path) => BpfException.ThrowIfNegative(LibBpf.bpf_obj_pin(Fd, path), $"pin {Info.Name} at {path}");

    /// <summary>Reads one element; false if there is none.</summary>
    public unsafe bool TryLookUp<TKey, TValue>(in TKey key, out TValue value)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        CheckSizes(sizeof(TKey), sizeof(TValue), Info.ValueSize);
        value = default;
        fixed (TKey* k = &key)
        fixed (TValue* v = &value)
            return IsFound(LibBpf.bpf_map_lookup_elem(Fd, k, v), "look up in");
    }

    /// <summary>Reads one element as bytes (<see cref="UserValueSize"/> of them); false if there is none.</summary>
    public unsafe bool TryLookUpBytes(ReadOnlySpan<byte> key, Span<byte> value)
    {
        CheckSizes(key.Length, value.Length, UserValueSize);
        fixed (byte* k = key)
        fixed (byte* v = value)
            return IsFound(LibBpf.bpf_map_lookup_elem(Fd, k, v), "look up in");
    }

    /// <summary>Reads the value that each possible CPU holds for a key of a per-CPU map; false if there is none.</summary>
    /// <param name="values">One element a possible CPU, in CPU order.</param>
    public unsafe bool TryLookUpPerCpu<TKey, TValue>(in TKey key, Span<TValue> values)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        CheckSizes(sizeof(TKey), sizeof(TValue), Info.ValueSize);
        if (values.Length != BpfObject.PossibleCpus)
            throw new ArgumentException($"{BpfObject.PossibleCpus} possible CPUs, room for {values.Length}", nameof(values));
        byte[] buffer = new byte[UserValueSize];
        fixed (TKey* k = &key)
        fixed (byte* v = buffer)
        {
            if (!IsFound(LibBpf.bpf_map_lookup_elem(Fd, k, v), "look up in")) return false;
        }

        for (int cpu = 0; cpu < values.Length; cpu++)
            values[cpu] = Unsafe.ReadUnaligned<TValue>(ref buffer[cpu * PaddedValueSize]);
        return true;
    }

    public unsafe void Update<TKey, TValue>(in TKey key, in TValue value, BpfUpdate mode = BpfUpdate.Any)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        CheckSizes(sizeof(TKey), sizeof(TValue), UserValueSize);
        fixed (TKey* k = &key)
        fixed (TValue* v = &value)
            BpfException.ThrowIfNegative(LibBpf.bpf_map_update_elem(Fd, k, v, (ulong)mode), $"update {Info.Name}");
    }

    public unsafe void UpdateBytes(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, BpfUpdate mode = BpfUpdate.Any)
    {
        CheckSizes(key.Length, value.Length, UserValueSize);
        fixed (byte* k = key)
        fixed (byte* v = value)
            BpfException.ThrowIfNegative(LibBpf.bpf_map_update_elem(Fd, k, v, (ulong)mode), $"update {Info.Name}");
    }

    /// <summary>Puts a map into a map of maps.</summary>
    public unsafe void UpdateInner<TKey>(in TKey key, BpfMap inner)
        where TKey : unmanaged
    {
        CheckSizes(sizeof(TKey), sizeof(int), sizeof(int));
        bool held = false;
        inner.Fd.DangerousAddRef(ref held);
        try
        {
            int number = inner.Fd.Number;
            fixed (TKey* k = &key)
                BpfException.ThrowIfNegative(LibBpf.bpf_map_update_elem(Fd, k, &number, 0), $"put {inner.Info.Name} into {Info.Name}");
        }
        finally
        {
            if (held) inner.Fd.DangerousRelease();
        }
    }

    /// <summary>Deletes one element; false if there was none.</summary>
    public unsafe bool Delete<TKey>(in TKey key)
        where TKey : unmanaged
    {
        CheckSizes(sizeof(TKey), UserValueSize, UserValueSize);
        fixed (TKey* k = &key)
            return IsFound(LibBpf.bpf_map_delete_elem(Fd, k), "delete from");
    }

    /// <summary>All keys, by walking from each to the next; for small maps (a batch is faster for large ones).</summary>
    public unsafe IReadOnlyList<TKey> Keys<TKey>()
        where TKey : unmanaged
    {
        CheckSizes(sizeof(TKey), UserValueSize, UserValueSize);
        List<TKey> keys = [];
        TKey key = default;
        bool found = IsFound(LibBpf.bpf_map_get_next_key(Fd, null, &key), "walk");

        // A key deleted under the walk restarts it; max_entries bounds the damage.
        while (found && keys.Count <= Info.MaxEntries)
        {
            keys.Add(key);
            TKey next;
            found = IsFound(LibBpf.bpf_map_get_next_key(Fd, &key, &next), "walk");
            key = next;
        }

        return keys;
    }

    /// <summary>Maps an array that was made with BPF_F_MMAPABLE into this process.</summary>
    public BpfMappedArray MapMemory() => BpfMappedArray.Open(this);

    public void Dispose() => Fd.Dispose();

    private bool IsFound(int result, string verb) => result switch
    {
        -Errno.ENOENT => false,
        _ => BpfException.ThrowIfNegative(result, $"{verb} {Info.Name}") >= 0,
    };

    private void CheckSizes(int keySize, int valueSize, int valueSizeExpected)
    {
        if (keySize == Info.KeySize && valueSize == valueSizeExpected) return;
        throw new InvalidOperationException(
            $"map {Info.Name} has keys of {Info.KeySize} and values of {valueSizeExpected} bytes, not {keySize} and {valueSize}");
    }

    private static unsafe BpfMapInfo ReadInfo(BpfFd fd)
    {
        BpfMapInfoStruct info = default;
        uint length = (uint)sizeof(BpfMapInfoStruct);
        BpfException.ThrowIfNegative(LibBpf.bpf_obj_get_info_by_fd(fd, &info, &length), "read map properties");
        string name = Marshal.PtrToStringUTF8((nint)info.Name) ?? "";
        return new BpfMapInfo((BpfMapType)info.Type, info.Id, name, (int)info.KeySize, (int)info.ValueSize, info.MaxEntries, info.MapFlags);
    }

    /// <summary>The head of struct bpf_map_info (linux/bpf.h).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 40)]
    private unsafe struct BpfMapInfoStruct
    {
        [FieldOffset(0)] public uint Type;
        [FieldOffset(4)] public uint Id;
        [FieldOffset(8)] public uint KeySize;
        [FieldOffset(12)] public uint ValueSize;
        [FieldOffset(16)] public uint MaxEntries;
        [FieldOffset(20)] public uint MapFlags;
        [FieldOffset(24)] public fixed byte Name[16];
    }
}

/// <summary>What the kernel says of a map. Sizes in bytes.</summary>
public sealed record BpfMapInfo(BpfMapType Type, uint Id, string Name, int KeySize, int ValueSize, uint MaxEntries, uint Flags);
