using GaleLb.Bpf.Tests.Support;

namespace GaleLb.Bpf.Tests;

/// <summary>Every case of bpf/cases, through the kernel's test-run.</summary>
public abstract class PacketCaseTests(PacketRig rig)
{
    public static TheoryData<string> Names() => PacketCase.Names();

    [RootTheory]
    [MemberData(nameof(Names))]
    public void Case_GivenMapsAndPackets_GivesVerdictFrameAndCounts(string name) => CaseRun.Run(rig, name);
}

public sealed class PacketCaseTestsInXdp(PacketRig rig) : PacketCaseTests(rig), IClassFixture<PacketRig>;

public sealed class PacketCaseTestsInTc(TcPacketRig rig) : PacketCaseTests(rig), IClassFixture<TcPacketRig>;
