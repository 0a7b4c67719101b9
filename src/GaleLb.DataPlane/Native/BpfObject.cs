using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace GaleLb.DataPlane.Native;

/// <summary>
/// A compiled BPF object: opened, its maps and read-only variables set, then loaded. Nothing reaches the kernel before <see cref="Load"/>, so
/// opening needs no privilege. Not thread-safe.
/// </summary>
public sealed class BpfObject : IDisposable
{
    private readonly BpfObjectHandle handle;
    private Btf? btf;

    private BpfObject(BpfObjectHandle handle) => this.handle = handle;

    /// <summary>The types of the object, with the offsets of its variables.</summary>
    public Btf Btf => btf ??= ReadBtf();

    /// <summary>The number of CPUs for which per-CPU maps hold a value.</summary>
    public static int PossibleCpus { get; } = BpfException.ThrowIfNegative(LibBpf.libbpf_num_possible_cpus(), "count possible CPUs");

    /// <summary>Whether XDP programs may call a helper on this kernel; asks it with a program of two instructions.</summary>
    public static unsafe bool HasHelper(BpfFunction helper)
    {
        const int Xdp = 6;
        return BpfException.ThrowIfNegative(LibBpf.libbpf_probe_bpf_helper(Xdp, (int)helper, null), $"probe for helper {helper}") == 1;
    }

    /// <summary>Opens an ELF object that is in memory; the bytes are copied.</summary>
    /// <exception cref="BpfException">The bytes are not an object that libbpf can read.</exception>
    public static unsafe BpfObject Open(ReadOnlySpan<byte> elf, string name)
    {
        using LibBpfLog.Scope log = LibBpfLog.Begin();
        fixed (byte* bytes = elf)
        fixed (byte* objectName = Encoding.UTF8.GetBytes(name + '\0'))
        {
            ObjectOpenOpts opts = new() { Size = (nuint)sizeof(ObjectOpenOpts), ObjectName = objectName };
            nint obj = LibBpf.bpf_object__open_mem(bytes, (nuint)elf.Length, &opts);
            return obj == 0
                ? throw BpfException.Create($"open BPF object {name}", Marshal.GetLastPInvokeError(), log.Text)
                : new BpfObject(new BpfObjectHandle(obj));
        }
    }

    /// <summary>The definitions of all maps, the compiler's own (.rodata, .bss) included.</summary>
    public IReadOnlyList<BpfMapDefinition> Maps
    {
        get
        {
            List<BpfMapDefinition> maps = [];
            for (nint map = LibBpf.bpf_object__next_map(handle, 0); map != 0; map = LibBpf.bpf_object__next_map(handle, map))
                maps.Add(new BpfMapDefinition(map));
            return maps;
        }
    }

    /// <summary>The names of all programs, in the object's order.</summary>
    public unsafe IReadOnlyList<string> Programs
    {
        get
        {
            List<string> programs = [];
            for (nint p = LibBpf.bpf_object__next_program(handle, 0); p != 0; p = LibBpf.bpf_object__next_program(handle, p))
                programs.Add(Marshal.PtrToStringUTF8(LibBpf.bpf_program__name(p)) ?? "");
            return programs;
        }
    }

    /// <exception cref="BpfException">The object has no map of this name.</exception>
    public BpfMapDefinition Map(string name)
    {
        nint map = LibBpf.bpf_object__find_map_by_name(handle, name);
        return map == 0 ? throw BpfException.Create($"map {name} in the BPF object", Errno.ENOENT) : new BpfMapDefinition(map);
    }

    /// <summary>Sets a <c>const volatile</c> variable. Only before <see cref="Load"/>.</summary>
    /// <exception cref="BpfException">There is no such variable, or it is of another size than <typeparamref name="T"/>.</exception>
    public unsafe void SetReadOnly<T>(string variable, T value)
        where T : unmanaged
    {
        BtfVariable found = Btf.FindVariable(".rodata", variable)
            ?? throw BpfException.Create($"read-only variable {variable} in the BPF object", Errno.ENOENT);
        if (found.Size != sizeof(T))
        {
            throw BpfException.Create(
                $"read-only variable {variable} has {found.Size} bytes, {typeof(T).Name} has {sizeof(T)}", Errno.EINVAL);
        }

        Span<byte> image = Map(".rodata").InitialValue;
        MemoryMarshal.Write(image.Slice(found.Offset, found.Size), in value);
    }

    /// <summary>Sets the one variable that fills a read-only section such as <c>.rodata.options</c>. Only before <see cref="Load"/>.</summary>
    /// <exception cref="BpfException">There is no such section, or it is of another size than <typeparamref name="T"/>.</exception>
    public unsafe void SetSection<T>(string section, T value)
        where T : unmanaged
    {
        Span<byte> image = Map(section).InitialValue;
        if (image.Length != sizeof(T))
            throw BpfException.Create($"section {section} has {image.Length} bytes, {typeof(T).Name} has {sizeof(T)}", Errno.EINVAL);
        MemoryMarshal.Write(image, in value);
    }

    /// <summary>Leaves a program out of <see cref="Load"/>.</summary>
    public void SkipProgram(string name) =>
        BpfException.ThrowIfNegative(LibBpf.bpf_program__set_autoload(FindProgram(name), autoload: false), $"leave out {name}");

    /// <summary>
    /// Creates the maps (or takes the pinned ones), loads the programs, and pins maps that have a pin path.
    /// </summary>
    /// <exception cref="BpfException">With libbpf's log and the verifier's as part of the message.</exception>
    public void Load()
    {
        using LibBpfLog.Scope log = LibBpfLog.Begin();
        int result = LibBpf.bpf_object__load(handle);
        if (result < 0) throw BpfException.Create("load BPF object", -result, log.Text);
    }

    /// <summary>As <see cref="Load"/>, and returns for each program how many instructions the verifier walked; the kernel's limit is a million.</summary>
    /// <exception cref="BpfException">With libbpf's log as part of the message.</exception>
    public IReadOnlyDictionary<string, int> LoadCounting()
    {
        const uint Statistics = 4;
        for (nint p = LibBpf.bpf_object__next_program(handle, 0); p != 0; p = LibBpf.bpf_object__next_program(handle, p))
            BpfException.ThrowIfNegative(LibBpf.bpf_program__set_log_level(p, Statistics), "ask for the verifier's statistics");
        using LibBpfLog.Scope log = LibBpfLog.Begin(debug: true);
        int result = LibBpf.bpf_object__load(handle);
        if (result < 0) throw BpfException.Create("load BPF object", -result, log.Text);
        Dictionary<string, int> counts = [];
        string program = "";
        foreach (string line in log.Text.Split('\n'))
        {
            if (line.EndsWith("-- BEGIN PROG LOAD LOG --", StringComparison.Ordinal)) program = line.Split('\'')[1];
            else if (line.StartsWith("processed ", StringComparison.Ordinal)) counts[program] = int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
        }

        return counts;
    }

    /// <summary>A handle of its own on a loaded map; it lives on when this object is disposed of.</summary>
    public BpfMap OpenMap(string name)
    {
        BpfMapDefinition map = Map(name);
        return new BpfMap(BpfFd.Duplicate(LibBpf.bpf_map__fd(map.Pointer), $"open map {name}"));
    }

    /// <summary>A handle of its own on a loaded program; it lives on when this object is disposed of.</summary>
    public BpfProgram OpenProgram(string name) =>
        new(BpfFd.Duplicate(LibBpf.bpf_program__fd(FindProgram(name)), $"open program {name}"));

    public void Dispose() => handle.Dispose();

    private nint FindProgram(string name)
    {
        nint program = LibBpf.bpf_object__find_program_by_name(handle, name);
        return program == 0 ? throw BpfException.Create($"program {name} in the BPF object", Errno.ENOENT) : program;
    }

    private unsafe Btf ReadBtf()
    {
        nint types = LibBpf.bpf_object__btf(handle);
        if (types == 0) throw BpfException.Create("BTF of the BPF object (compile with -g)", Errno.ENOENT);
        uint size;
        nint bytes = LibBpf.btf__raw_data(types, &size);
        return bytes == 0
            ? throw BpfException.Create("raw BTF of the BPF object", Errno.ENOMEM)
            : Btf.Parse(new ReadOnlySpan<byte>((void*)bytes, (int)size));
    }
}
