namespace GaleLb.DataPlane.Native;

/// <summary>Which XDP programs an interface has, whoever attached them; 0 means none.</summary>
public readonly record struct XdpAttachment(uint NativeProgramId, uint GenericProgramId, uint HardwareProgramId)
{
    public bool Any => (NativeProgramId | GenericProgramId | HardwareProgramId) != 0;

    public static unsafe XdpAttachment Query(int ifindex)
    {
        XdpQueryOpts opts = new() { Size = (nuint)sizeof(XdpQueryOpts) };
        BpfException.ThrowIfNegative(LibBpf.bpf_xdp_query(ifindex, 0, &opts), $"query XDP on interface {ifindex}");

        // With one program only prog_id is sure to be filled on every kernel; attach_mode says where it sits (XDP_ATTACHED_*).
        return opts.AttachMode switch
        {
            1 => new XdpAttachment(opts.ProgramId, 0, 0),
            2 => new XdpAttachment(0, opts.ProgramId, 0),
            3 => new XdpAttachment(0, 0, opts.ProgramId),
            _ => new XdpAttachment(opts.NativeProgramId, opts.GenericProgramId, opts.HardwareProgramId),
        };
    }
}
