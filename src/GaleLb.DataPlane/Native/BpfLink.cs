using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Native;

/// <summary>
/// The attachment of a program to an interface, in XDP (since kernel 5.9) or in TC (since 6.6). It lives as long as a descriptor or a pin holds it, and its program
/// can be exchanged without a gap.
/// </summary>
public sealed class BpfLink : IDisposable
{
    private const int BpfXdp = 37;
    private const int BpfTcxIngress = 46;

    private BpfLink(BpfFd fd) => Fd = fd;

    public BpfFd Fd { get; }

    /// <summary>Attaches a program to an interface.</summary>
    /// <exception cref="BpfException">EBUSY: another program is attached. EOPNOTSUPP: the driver has no native XDP.</exception>
    public static unsafe BpfLink AttachXdp(BpfProgram program, int ifindex, XdpAttachFlags flags)
    {
        LinkCreateOpts opts = new() { Size = (nuint)sizeof(LinkCreateOpts), Flags = (uint)flags };
        int fd = LibBpf.bpf_link_create(program.Fd, ifindex, BpfXdp, &opts);
        return new BpfLink(BpfFd.Own(fd, $"attach {program.Info.Name} to interface {ifindex}"));
    }

    /// <summary>Attaches a program of TC at ingress, behind those that are there.</summary>
    /// <exception cref="BpfException">EINVAL: the kernel is older than 6.6 and has no such links.</exception>
    public static unsafe BpfLink AttachTc(BpfProgram program, int ifindex)
    {
        int fd = LibBpf.bpf_link_create(program.Fd, ifindex, BpfTcxIngress, null);
        return new BpfLink(BpfFd.Own(fd, $"attach {program.Info.Name} to interface {ifindex} in TC"));
    }

    public static BpfLink OpenPinned(string path) => new(BpfFd.Own(LibBpf.bpf_obj_get(path), $"open pinned link {path}"));

    public void Pin(string path) => BpfException.ThrowIfNegative(LibBpf.bpf_obj_pin(Fd, path), $"pin link at {path}");

    /// <summary>Exchanges the program; every packet sees the old one or the new one.</summary>
    public unsafe void Update(BpfProgram program) =>
        BpfException.ThrowIfNegative(LibBpf.bpf_link_update(Fd, program.Fd, null), $"update link to {program.Info.Name}");

    /// <summary>Takes the program off although pins may still hold the link.</summary>
    public void Detach() => BpfException.ThrowIfNegative(LibBpf.bpf_link_detach(Fd), "detach link");

    /// <summary>The interface and program; the interface is 0 once it has been removed or the link detached.</summary>
    public unsafe BpfLinkInfo ReadInfo()
    {
        LinkInfoStruct info = default;
        uint length = (uint)sizeof(LinkInfoStruct);
        BpfException.ThrowIfNegative(LibBpf.bpf_obj_get_info_by_fd(Fd, &info, &length), "read link properties");
        return new BpfLinkInfo(info.Id, info.ProgramId, (int)info.Ifindex);
    }

    public void Dispose() => Fd.Dispose();

    /// <summary>The head of struct bpf_link_info with the XDP branch of its union (linux/bpf.h).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 32)]
    private struct LinkInfoStruct
    {
        [FieldOffset(0)] public uint Type;
        [FieldOffset(4)] public uint Id;
        [FieldOffset(8)] public uint ProgramId;
        [FieldOffset(16)] public uint Ifindex;
    }
}

public readonly record struct BpfLinkInfo(uint Id, uint ProgramId, int Ifindex);
