using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Native;

/// <summary>Reads the records of a ring buffer map. Not thread-safe.</summary>
public sealed unsafe class BpfRingBuffer : IDisposable
{
    private readonly List<byte[]> taken = [];
    private GCHandle self;
    private nint buffer;

    /// <exception cref="BpfException">The map is no ring buffer, or cannot be mapped into memory.</exception>
    public BpfRingBuffer(BpfMap map)
    {
        self = GCHandle.Alloc(this);
        using LibBpfLog.Scope log = LibBpfLog.Begin();
        buffer = LibBpf.ring_buffer__new(map.Fd.Number, &Take, GCHandle.ToIntPtr(self), null);
        if (buffer != 0) return;
        int errno = Marshal.GetLastPInvokeError();
        self.Free();
        throw BpfException.Create($"read ring buffer {map.Info.Name}", errno, log.Text);
    }

    /// <summary>The records that are in it now, oldest first; their room is free again.</summary>
    public IReadOnlyList<byte[]> TakeAll()
    {
        ObjectDisposedException.ThrowIf(buffer == 0, this);
        taken.Clear();
        BpfException.ThrowIfNegative(LibBpf.ring_buffer__consume(buffer), "read ring buffer");
        return [.. taken];
    }

    public void Dispose()
    {
        if (buffer == 0) return;
        LibBpf.ring_buffer__free(buffer);
        buffer = 0;
        self.Free();
    }

    [UnmanagedCallersOnly]
    private static int Take(nint context, void* data, nuint size)
    {
        ((BpfRingBuffer)GCHandle.FromIntPtr(context).Target!).taken.Add(new ReadOnlySpan<byte>(data, (int)size).ToArray());
        return 0;
    }
}
