using GaleLb.Bpf.Tests.Support;
using GaleLb.DataPlane;

namespace GaleLb.Bpf.Tests;

/// <summary>Loaded with the explain switch, the programs answer as ever, note why, and write nothing that is shared.</summary>
public sealed class ExplainTests
{
    [RootTheory]
    [InlineData(PublicHook.Xdp)]
    [InlineData(PublicHook.Tc)]
    public void Explain_EveryFirstPacketOfTheCases_NotesItsReasonAndLeavesAllMapsByteEqual(PublicHook hook)
    {
        using PacketRig rig = PacketRig.LoadTraced(explain: true, flowSets: 4, hook);
        foreach (PacketCase packetCase in PacketCase.All)
        {
            rig.Reset();
            rig.Put(packetCase.Given);
            string before = rig.Fingerprint();
            PacketStep step = packetCase.Steps[0];
            (uint verdict, _) = rig.Run(step.Program, step.PacketBytes);

            Verdict.Name(step.Program, verdict).Should().Be(step.Verdict, packetCase.Name);
            CaseRun.Reasons(step).Should().Contain(rig.LastTraced().Reason, packetCase.Name);
            rig.Fingerprint().Should().Be(before, packetCase.Name);
        }
    }
}
