using GaleLb.Bpf.Tests.Support;

namespace GaleLb.Bpf.Tests;

/// <summary>Every case of bpf/cases, through the kernel's test-run.</summary>
public sealed class PacketCaseTests(PacketRig rig) : IClassFixture<PacketRig>
{
    public static TheoryData<string> Names() => PacketCase.Names();

    [RootTheory]
    [MemberData(nameof(Names))]
    public void Case_GivenMapsAndPackets_GivesVerdictFrameAndCounts(string name) => CaseRun.Run(rig, name);
}
