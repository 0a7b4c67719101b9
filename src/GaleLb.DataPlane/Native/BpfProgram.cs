using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Native;

/// <summary>A loaded program.</summary>
public sealed class BpfProgram : IDisposable
{
    internal BpfProgram(BpfFd fd)
    {
        Fd = fd;
        Info = ReadInfo(fd);
    }

    public BpfFd Fd { get; }

    public BpfProgramInfo Info { get; }

    public static BpfProgram OpenPinned(string path) => new(BpfFd.Own(LibBpf.bpf_obj_get(path), $"open pinned program {path}"));

    public static BpfProgram OpenById(uint id) => new(BpfFd.Own(LibBpf.bpf_prog_get_fd_by_id(id), $"open program id {id}"));

    public void Pin(string path) => BpfException.ThrowIfNegative(LibBpf.bpf_obj_pin(Fd, path), $"pin program {Info.Name} at {path}");

    /// <summary>
    /// Runs the program on a packet without a network (BPF_PROG_TEST_RUN). With <paramref name="repeat"/> above 1 each run sees the packet as
    /// the one before left it.
    /// </summary>
    /// <param name="data">The frame, from its Ethernet header; at least 14 bytes.</param>
    /// <param name="dataOut">Receives the frame afterwards; may be larger than <paramref name="data"/>, for programs that grow it.</param>
    /// <param name="context">A <c>struct xdp_md</c> (24 bytes) or <c>struct __sk_buff</c>, or empty.</param>
    /// <param name="contextOut">Receives the context afterwards, or empty.</param>
    /// <exception cref="BpfException">ENOSPC when <paramref name="dataOut"/> is too small.</exception>
    public unsafe TestRunResult TestRun(
        ReadOnlySpan<byte> data, Span<byte> dataOut, ReadOnlySpan<byte> context = default, Span<byte> contextOut = default, int repeat = 1,
        uint flags = 0)
    {
        fixed (byte* dataIn = data)
        fixed (byte* dataAfter = dataOut)
        fixed (byte* contextIn = context)
        fixed (byte* contextAfter = contextOut)
        {
            TestRunOpts opts = new()
            {
                Size = (nuint)sizeof(TestRunOpts),
                DataIn = dataIn,
                DataSizeIn = (uint)data.Length,
                DataOut = dataAfter,
                DataSizeOut = (uint)dataOut.Length,
                ContextIn = contextIn,
                ContextSizeIn = (uint)context.Length,
                ContextOut = contextAfter,
                ContextSizeOut = (uint)contextOut.Length,
                Repeat = repeat,
                Flags = flags,
            };
            BpfException.ThrowIfNegative(LibBpf.bpf_prog_test_run_opts(Fd, &opts), $"test-run {Info.Name}");
            return new TestRunResult(opts.ReturnValue, (int)opts.DataSizeOut, (int)opts.ContextSizeOut, opts.Duration);
        }
    }

    public void Dispose() => Fd.Dispose();

    private static unsafe BpfProgramInfo ReadInfo(BpfFd fd)
    {
        ProgramInfoStruct info = default;
        uint length = (uint)sizeof(ProgramInfoStruct);
        BpfException.ThrowIfNegative(LibBpf.bpf_obj_get_info_by_fd(fd, &info, &length), "read program properties");
        return new BpfProgramInfo(info.Id, Marshal.PtrToStringUTF8((nint)info.Name) ?? "");
    }

    /// <summary>The head of struct bpf_prog_info (linux/bpf.h).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 80)]
    private unsafe struct ProgramInfoStruct
    {
        [FieldOffset(0)] public uint Type;
        [FieldOffset(4)] public uint Id;
        [FieldOffset(64)] public fixed byte Name[16];
    }
}

/// <summary>What the kernel says of a program; names are cut at 15 characters.</summary>
public sealed record BpfProgramInfo(uint Id, string Name);

/// <summary>The outcome of a test-run: the program's return value, the lengths of what came back, and the mean run time in whole ns.</summary>
public readonly record struct TestRunResult(uint ReturnValue, int DataLength, int ContextLength, uint DurationNanoseconds);
