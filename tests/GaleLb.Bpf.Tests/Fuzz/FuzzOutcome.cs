namespace GaleLb.Bpf.Tests.Fuzz;

/// <summary>What became of a packet, read off the packet itself; the programs' counters must say the same.</summary>
internal enum FuzzOutcome
{
    Passed,
    Dropped,
    ForwardedL4,
    ForwardedL3,
    ForwardedL2,
    ReturnedL4,
    ForwardedIcmp,
    ReturnedIcmp,
    AnsweredEcho,
    AnsweredTooBig,
    ResetSent,
    UnreachableSent,
}
