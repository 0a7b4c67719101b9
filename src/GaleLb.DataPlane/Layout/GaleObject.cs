using GaleLb.DataPlane.Native;

namespace GaleLb.DataPlane.Layout;

/// <summary>The compiled packet programs of a replica, and the names in them.</summary>
public static class GaleObject
{
    public const string XdpPublic = "gale_xdp_public";

    /// <summary>What <see cref="XdpPublic"/> is, where clients' packets are seen in TC.</summary>
    public const string TcPublic = "gale_tc_public";
    public const string XdpPass = "gale_xdp_pass";
    public const string TcPrivate = "gale_tc_private";

    /// <summary>Attached to nothing: takes out of flows what has outlived its timeout, a slot with each run.</summary>
    public const string Sweep = "gale_sweep";

    /// <summary>Maps that are in <see cref="OpenTraced"/> alone.</summary>
    public static IReadOnlyList<string> TraceMaps { get; } = ["trace_filter", "trace_scratch", "traces"];

    /// <summary>Maps in which the programs of one load keep what nobody else is to see.</summary>
    public static IReadOnlyList<string> OwnMaps { get; } = ["flow_orders", "flow_openings", "sweep"];

    /// <summary>The object, opened but not loaded.</summary>
    public static BpfObject Open(PublicHook hook) => EmbeddedObject.Open(hook == PublicHook.Xdp ? "galelb" : "galetc");

    /// <summary>The same programs, telling of packets.</summary>
    public static BpfObject OpenTraced(PublicHook hook) => EmbeddedObject.Open(hook == PublicHook.Xdp ? "galetrace" : "galetctrace");

    /// <summary>The name of the program for clients' packets.</summary>
    public static string Public(PublicHook hook) => hook == PublicHook.Xdp ? XdpPublic : TcPublic;
}
