using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Native;

/// <summary>
/// The memory of an array map in this process. Writes reach programs as plain stores: whoever needs a set of them to appear at once
/// writes into an array that no program can reach yet.
/// </summary>
public sealed class BpfMappedArray : SafeHandle
{
    private readonly nuint length;

    private BpfMappedArray(nint address, nuint length, int stride, int count)
        : base(0, ownsHandle: true)
    {
        SetHandle(address);
        this.length = length;
        Stride = stride;
        Count = count;
    }

    public override bool IsInvalid => handle is 0 or -1;

    /// <summary>Bytes from one element to the next: the value's size rounded up to 8, as the kernel lays arrays out.</summary>
    public int Stride { get; }

    public int Count { get; }

    /// <summary>The whole array, <see cref="Stride"/> × <see cref="Count"/> bytes. Not to be used after disposal.</summary>
    public unsafe Span<byte> Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return new Span<byte>((void*)handle, checked(Stride * Count));
        }
    }

    /// <summary>One element, of an array of whatever size. To be called, and its result used, only while it is held.</summary>
    public unsafe Span<byte> Element(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return new Span<byte>((void*)(handle + ((nint)Stride * index)), Stride);
    }

    /// <summary>The memory stays until what this gives is disposed of, also when the array is meanwhile.</summary>
    /// <exception cref="ObjectDisposedException">It was before.</exception>
    public IDisposable Hold()
    {
        bool held = false;
        DangerousAddRef(ref held);
        return new Holder(this);
    }

    internal static BpfMappedArray Open(BpfMap map)
    {
        int stride = (map.Info.ValueSize + 7) & ~7;
        int count = (int)map.Info.MaxEntries;
        int page = Environment.SystemPageSize;
        nuint bytes = ((((nuint)stride * (nuint)count) + (nuint)page - 1) / (nuint)page) * (nuint)page;
        nint address = LibC.mmap(0, bytes, LibC.ProtRead | LibC.ProtWrite, LibC.MapShared, map.Fd, 0);
        return address == -1
            ? throw BpfException.LastError($"mmap {map.Info.Name} ({bytes} bytes)")
            : new BpfMappedArray(address, bytes, stride, count);
    }

    protected override bool ReleaseHandle() => LibC.munmap(handle, length) == 0;

    private sealed class Holder(BpfMappedArray array) : IDisposable
    {
        private BpfMappedArray? held = array;

        public void Dispose() => Interlocked.Exchange(ref held, null)?.DangerousRelease();
    }
}
