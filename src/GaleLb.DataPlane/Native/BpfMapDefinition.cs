using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Native;

/// <summary>A map of an opened <see cref="BpfObject"/>, which must outlive it. Changes take effect at load.</summary>
public readonly struct BpfMapDefinition
{
    internal BpfMapDefinition(nint pointer) => Pointer = pointer;

    internal nint Pointer { get; }

    public string Name => Marshal.PtrToStringUTF8(LibBpf.bpf_map__name(Pointer)) ?? "";

    public BpfMapType Type => (BpfMapType)LibBpf.bpf_map__type(Pointer);

    public int KeySize => (int)LibBpf.bpf_map__key_size(Pointer);

    public int ValueSize => (int)LibBpf.bpf_map__value_size(Pointer);

    public uint MaxEntries => LibBpf.bpf_map__max_entries(Pointer);

    public uint Flags => LibBpf.bpf_map__map_flags(Pointer);

    /// <summary>True for the compiler's own sections (.rodata, .bss, .data).</summary>
    public bool IsSection => LibBpf.bpf_map__is_internal(Pointer);

    /// <summary>The prototype of the inner maps, or null where this is no map of maps.</summary>
    public BpfMapDefinition? Inner
    {
        get
        {
            nint inner = LibBpf.bpf_map__inner_map(Pointer);
            return inner == 0 ? null : new BpfMapDefinition(inner);
        }
    }

    /// <summary>The bytes with which a section is loaded; writable until load.</summary>
    internal unsafe Span<byte> InitialValue
    {
        get
        {
            nuint size;
            byte* bytes = LibBpf.bpf_map__initial_value(Pointer, &size);
            return bytes == null ? throw BpfException.Create($"initial value of {Name}", Errno.ENOENT) : new Span<byte>(bytes, (int)size);
        }
    }

    public void SetMaxEntries(uint entries) =>
        BpfException.ThrowIfNegative(LibBpf.bpf_map__set_max_entries(Pointer, entries), $"set max_entries of {Name} to {entries}");

    /// <summary>
    /// Where the map is pinned at load. A map already pinned there is taken over if its type, sizes and flags agree; otherwise loading
    /// fails with EINVAL and "parameter mismatch" in the log.
    /// </summary>
    public void SetPinPath(string? path) =>
        BpfException.ThrowIfNegative(LibBpf.bpf_map__set_pin_path(Pointer, path), $"set pin path of {Name} to {path}");
}
