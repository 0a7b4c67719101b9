using System.Buffers.Binary;
using GaleLb.DataPlane.Native;

namespace GaleLb.DataPlane.Kernel;

/// <summary>
/// The directory on a bpffs that holds what outlives this process: maps, links, the TC program. Marks are empty directories, since a bpffs takes
/// nothing else.
/// </summary>
internal sealed class PinDirectory
{
    private const string BpfFs = "/sys/fs/bpf";
    private const long BpfFsMagic = 0xcafe4a11;

    private PinDirectory(string path) => Root = path;

    public string Root { get; }

    public string XdpPublicLink => Path("xdp_public");

    public string XdpPrivateLink => Path("xdp_private");

    public string TcPublicProgram => Path("tc_public");

    public string TcPrivateProgram => Path("tc_private");

    /// <summary>Finds or makes the directory; mounts a bpffs at /sys/fs/bpf where none is.</summary>
    /// <exception cref="DataPlaneException">It cannot be, in words.</exception>
    public static PinDirectory Open(string path, Rollback rollback)
    {
        string full = System.IO.Path.GetFullPath(path);
        (string existing, List<string> made) = Missing(full);
        // A sandbox may show no more of /sys/fs/bpf than our own part of it: only where that is absent too is there none.
        if (!IsBpfFs(existing) && full.StartsWith(BpfFs + "/", StringComparison.Ordinal) && !IsBpfFs(BpfFs))
        {
            Mount();
            (existing, made) = Missing(full);
        }

        if (!IsBpfFs(existing))
            throw new DataPlaneException($"pin_path {path} is not on a BPF file system; one is usually mounted at {BpfFs}");
        try
        {
            Directory.CreateDirectory(full);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataPlaneException($"pin_path {path} cannot be made: {e.Message}", e);
        }

        rollback.OnFailure(() => RemoveEmpty(made));
        return new PinDirectory(full);
    }

    /// <summary>
    /// The pins that earlier processes left: one directory a member below <paramref name="path"/>, named by its id. Others there may be
    /// somebody else's.
    /// </summary>
    public static IReadOnlyList<PinDirectory> Below(string path) =>
        Directory.Exists(path) && IsBpfFs(path)
            ? [.. Directory.GetDirectories(path).Where(IsMember).Order(StringComparer.Ordinal).Select(d => new PinDirectory(d))]
            : [];

    public string Path(string name) => System.IO.Path.Combine(Root, name);

    public static bool Has(string pin) => File.Exists(pin);

    public static void Remove(string pin) => File.Delete(pin);

    public void SetMark(string name) => Directory.CreateDirectory(Path(name));

    public bool HasMark(string name) => Directory.Exists(Path(name));

    public void ClearMark(string name)
    {
        if (HasMark(name)) Directory.Delete(Path(name));
    }

    /// <summary>Takes away every pin and the directory, and the one above it if nothing else is in it.</summary>
    public void RemoveAll()
    {
        if (!Directory.Exists(Root)) return;
        foreach (string pin in Directory.GetFiles(Root)) File.Delete(pin);
        foreach (string mark in Directory.GetDirectories(Root)) Directory.Delete(mark);
        List<string> directories = [Root];
        string? parent = System.IO.Path.GetDirectoryName(Root);
        if (parent is not null && parent != BpfFs && IsBpfFs(System.IO.Path.GetDirectoryName(parent)!)) directories.Add(parent);
        RemoveEmpty(directories);
    }

    /// <summary>The nearest directory that exists, and those on the way to <paramref name="full"/> that do not, deepest first.</summary>
    private static (string Existing, List<string> Missing) Missing(string full)
    {
        string existing = full;
        List<string> missing = [];
        while (!Directory.Exists(existing))
        {
            missing.Add(existing);
            existing = System.IO.Path.GetDirectoryName(existing) ?? "/";
        }

        return (existing, missing);
    }

    private static void RemoveEmpty(List<string> directories)
    {
        foreach (string directory in directories)
        {
            if (Directory.Exists(directory) && !Directory.EnumerateFileSystemEntries(directory).Any()) Directory.Delete(directory);
        }
    }

    private static bool IsMember(string directory) =>
        System.IO.Path.GetFileName(directory) is { Length: 16 } name && name.All(char.IsAsciiHexDigitLower);

    private static unsafe bool IsBpfFs(string path)
    {
        byte* buffer = stackalloc byte[256];
        return LibC.statfs(path, buffer) == 0 && BinaryPrimitives.ReadInt64LittleEndian(new ReadOnlySpan<byte>(buffer, 8)) == BpfFsMagic;
    }

    private static void Mount()
    {
        if (!Directory.Exists(BpfFs))
            throw new DataPlaneException($"{BpfFs} does not exist: the kernel lacks BPF, or /sys is not mounted");
        if (LibC.mount("bpf", BpfFs, "bpf", 0, "mode=700") != 0)
            throw new DataPlaneException(BpfException.LastError($"mount the BPF file system at {BpfFs} (needs CAP_SYS_ADMIN)").Message);
    }
}
