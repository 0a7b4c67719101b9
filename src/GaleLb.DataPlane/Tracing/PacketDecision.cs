using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Tracing;

/// <summary>What the packet programs decided about one packet.</summary>
/// <param name="Verdict">What becomes of the frame: "pass" (to the kernel), "drop", "transmit" (out of the interface it came in on) or "redirect".</param>
/// <param name="Reason">As in <see cref="ReasonCounter"/>.</param>
/// <param name="Answer">The reason counted besides, as <c>reset_sent</c>; null for none.</param>
/// <param name="Service">The service that the packet was found to be for; null for none.</param>
/// <param name="Node">The node that it was found to be about, also where it was refused; null for none.</param>
public sealed record PacketDecision(string Verdict, string Reason, string? Answer, ServiceId? Service, NodeIndex? Node);
