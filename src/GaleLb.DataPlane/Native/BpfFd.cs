using Microsoft.Win32.SafeHandles;

namespace GaleLb.DataPlane.Native;

/// <summary>A file descriptor of a kernel BPF object: map, program or link. Closing it drops one reference to the object.</summary>
public sealed class BpfFd : SafeHandleMinusOneIsInvalid
{
    public BpfFd()
        : base(ownsHandle: true)
    {
    }

    private BpfFd(int fd)
        : base(ownsHandle: true) => SetHandle(fd);

    /// <summary>The bare number, for calls that store it in a map (map in map). Valid only while this handle is held.</summary>
    internal int Number => (int)handle;

    /// <summary>Takes ownership of a descriptor that a libbpf call returned.</summary>
    /// <exception cref="BpfException">The value is a negative errno.</exception>
    internal static BpfFd Own(int fdOrError, string what) => new(BpfException.ThrowIfNegative(fdOrError, what));

    /// <summary>Makes an own descriptor for one that belongs to somebody else, as to a bpf_object.</summary>
    internal static BpfFd Duplicate(int fd, string what)
    {
        BpfException.ThrowIfNegative(fd, what);
        int copy = LibC.dup(fd);
        return copy < 0 ? throw BpfException.LastError($"{what}: dup") : new BpfFd(copy);
    }

    protected override bool ReleaseHandle() => LibC.close((int)handle) == 0;
}
