namespace GaleLb.DataPlane.Native;

/// <summary>One direction of an interface's clsact queueing discipline (since kernel 4.5).</summary>
/// <param name="Ifindex">The interface.</param>
/// <param name="Point">Ingress or egress.</param>
public readonly record struct TcHook(int Ifindex, TcAttachPoint Point)
{
    private const uint Replace = 1;

    /// <summary>Makes the clsact qdisc, which both directions share; false if it was there.</summary>
    public unsafe bool Create()
    {
        using LibBpfLog.Scope log = LibBpfLog.Begin();
        TcHookStruct hook = Native();
        int result = LibBpf.bpf_tc_hook_create(&hook);
        return result != -Errno.EEXIST && (result >= 0 ? true : throw BpfException.Create($"make clsact on interface {Ifindex}", -result, log.Text));
    }

    /// <summary>Removes the clsact qdisc with every filter in it, in both directions.</summary>
    public unsafe void DestroyQdisc()
    {
        using LibBpfLog.Scope log = LibBpfLog.Begin();
        TcHookStruct hook = Native() with { AttachPoint = (int)(TcAttachPoint.Ingress | TcAttachPoint.Egress) };
        int result = LibBpf.bpf_tc_hook_destroy(&hook);
        if (result < 0) throw BpfException.Create($"remove clsact from interface {Ifindex}", -result, log.Text);
    }

    /// <summary>Attaches a program as a direct-action filter, or replaces the one that has this handle and priority.</summary>
    public unsafe void Attach(BpfProgram program, uint handle, uint priority)
    {
        using LibBpfLog.Scope log = LibBpfLog.Begin();
        TcHookStruct hook = Native();
        TcOpts opts = new()
        {
            Size = (nuint)sizeof(TcOpts),
            ProgramFd = program.Fd.Number,
            Flags = Replace,
            Handle = handle,
            Priority = priority,
        };
        int result = LibBpf.bpf_tc_attach(&hook, &opts);
        GC.KeepAlive(program);
        if (result < 0) throw BpfException.Create($"attach {program.Info.Name} to clsact of interface {Ifindex}", -result, log.Text);
    }

    /// <summary>Removes the filter of this handle and priority; false if there was none.</summary>
    public unsafe bool Detach(uint handle, uint priority)
    {
        using LibBpfLog.Scope log = LibBpfLog.Begin();
        TcHookStruct hook = Native();
        TcOpts opts = new() { Size = (nuint)sizeof(TcOpts), Handle = handle, Priority = priority };
        int result = LibBpf.bpf_tc_detach(&hook, &opts);
        return IsFound(result, "detach from", log.Text);
    }

    /// <summary>The id of the program at this handle and priority, or null. Without a clsact qdisc there is none.</summary>
    public unsafe uint? Query(uint handle, uint priority)
    {
        using LibBpfLog.Scope log = LibBpfLog.Begin();
        TcHookStruct hook = Native();
        TcOpts opts = new() { Size = (nuint)sizeof(TcOpts), Handle = handle, Priority = priority };
        int result = LibBpf.bpf_tc_query(&hook, &opts);
        return IsFound(result, "query", log.Text) ? opts.ProgramId : null;
    }

    private bool IsFound(int result, string verb, string log) => result switch
    {
        // The kernel answers EINVAL where the qdisc itself is missing.
        -Errno.ENOENT or -Errno.EINVAL => false,
        < 0 => throw BpfException.Create($"{verb} clsact of interface {Ifindex}", -result, log),
        _ => true,
    };

    private unsafe TcHookStruct Native() =>
        new() { Size = (nuint)sizeof(TcHookStruct), Ifindex = Ifindex, AttachPoint = (int)Point };
}
