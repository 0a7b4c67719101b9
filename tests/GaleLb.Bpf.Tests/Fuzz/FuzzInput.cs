namespace GaleLb.Bpf.Tests.Fuzz;

/// <summary>One thing a session does: a packet for a program, or a node that is given up before the next packet.</summary>
/// <param name="Must">The packet is well-formed and has to arrive.</param>
/// <param name="SegmentSize">The frame is several that were merged (GSO), each with as many bytes of payload; 0: it is one that came. In TC alone.</param>
internal sealed record FuzzInput(string Program, byte[] Frame, bool Must = false, int? GivesUp = null, ushort SegmentSize = 0)
{
    public override string ToString() => GivesUp is { } node ? $"node {node} is given up" : $"{Program}{(SegmentSize == 0 ? "" : $" in segments of {SegmentSize}")} {Convert.ToHexStringLower(Frame)}";
}
