using GaleLb.Bpf.Tests.Support;
using GaleLb.DataPlane.Layout;

namespace GaleLb.Bpf.Tests;

/// <summary>Loaded with the explain switch, the programs answer as ever and write nothing.</summary>
public sealed class ExplainTests
{
    [RootFact]
    public void Explain_EveryFirstPacketOfTheCases_LeavesAllMapsByteEqual()
    {
        using PacketRig rig = PacketRig.Load(new GaleOptions { Explain = 1 }, flowsMax: 64, halfOpenMax: 64);
        foreach (PacketCase packetCase in PacketCase.All)
        {
            rig.Reset();
            rig.Put(packetCase.Given);
            string before = rig.Fingerprint();
            PacketStep step = packetCase.Steps[0];
            (uint verdict, _) = rig.Run(step.Program, step.PacketBytes);

            Verdict.Name(step.Program, verdict).Should().Be(step.Verdict, packetCase.Name);
            rig.Fingerprint().Should().Be(before, packetCase.Name);
        }
    }
}
