using GaleLb.DataPlane;

namespace GaleLb.Bpf.Tests.Support;

/// <summary>The same with clients' packets seen in TC: what is asked of XDP is asked of it, by the same names.</summary>
public sealed class TcPacketRig() : PacketRig(PublicHook.Tc);
