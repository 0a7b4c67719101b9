namespace GaleLb.DataPlane.Native;

/// <summary>enum bpf_map_type of linux/bpf.h, as far as it is used here.</summary>
public enum BpfMapType
{
    Hash = 1,
    Array = 2,
    PerCpuHash = 5,
    PerCpuArray = 6,
    LruHash = 9,
    LruPerCpuHash = 10,
    LpmTrie = 11,
    ArrayOfMaps = 12,
    HashOfMaps = 13,
    DevMap = 14,
    RingBuffer = 27,
}

/// <summary>Flags of bpf_map_update_elem.</summary>
public enum BpfUpdate : ulong
{
    /// <summary>BPF_ANY: insert or replace.</summary>
    Any = 0,

    /// <summary>BPF_NOEXIST: insert only; EEXIST otherwise.</summary>
    NoExist = 1,

    /// <summary>BPF_EXIST: replace only; ENOENT otherwise.</summary>
    Exist = 2,
}

/// <summary>How an XDP program is attached: XDP_FLAGS_SKB_MODE and XDP_FLAGS_DRV_MODE of linux/if_link.h.</summary>
[Flags]
public enum XdpAttachFlags : uint
{
    /// <summary>The kernel chooses: native where the driver can.</summary>
    None = 0,
    Generic = 1u << 1,
    Native = 1u << 2,
}

/// <summary>Directions of a clsact hook: enum bpf_tc_attach_point.</summary>
[Flags]
public enum TcAttachPoint
{
    Ingress = 1,
    Egress = 2,
}

/// <summary>enum bpf_func_id, as far as a kernel may lack them.</summary>
public enum BpfFunction
{
    /// <summary>Since 5.11.</summary>
    KtimeGetCoarseNs = 160,
}

/// <summary>enum xdp_action.</summary>
public enum XdpAction : uint
{
    Aborted = 0,
    Drop = 1,
    Pass = 2,
    Tx = 3,
    Redirect = 4,
}
