namespace GaleLb.Bpf.Tests.Fuzz;

/// <summary>One thing a session does: a packet for a program, or a node that is given up before the next packet.</summary>
/// <param name="Must">The packet is well-formed and has to arrive.</param>
internal sealed record FuzzInput(string Program, byte[] Frame, bool Must = false, int? GivesUp = null)
{
    public override string ToString() => GivesUp is { } node ? $"node {node} is given up" : $"{Program} {Convert.ToHexStringLower(Frame)}";
}
