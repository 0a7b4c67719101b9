using GaleLb.Bpf.Tests.Support;

namespace GaleLb.Bpf.Tests;

/// <summary>
/// The sum that a card takes over a whole packet (CHECKSUM_COMPLETE) must follow what TC writes, or the kernel reports a hardware checksum failure
/// for what is forwarded to a local veth. Test-run compares it where asked by flag 1 &lt;&lt; 2.
/// </summary>
public abstract class ChecksumCompleteTests(PacketRig rig)
{
    public static TheoryData<string> Names() => PacketCase.Names();

    [ChecksumCompleteTheory]
    [MemberData(nameof(Names))]
    public void Case_PacketSummedByTheCard_KeepsThatSumRight(string name)
    {
        PacketCase packetCase = PacketCase.Find(name);
        rig.Reset();
        rig.Put(packetCase.Given);
        foreach (PacketStep step in packetCase.Steps)
        {
            rig.Put(step.Given ?? []);
            uint flags = rig.IsInTc(step.Program) && !IsCut(step) && !IsTagged(step) ? ChecksumCompleteTheoryAttribute.Flag : 0;
            (uint verdict, _) = rig.Run(step.Program, step.PacketBytes, flags);
            Verdict.Name(step.Program, verdict).Should().Be(step.Verdict);
        }
    }

    /// <summary>A reset or an error in its place cuts the packet, at which the kernel forgets the sum; test-run compares it all the same.</summary>
    private static bool IsCut(PacketStep step) =>
        step.Verdict == Verdict.Redirect && step.Out[..12] == step.Packet[12..24] && !step.Counts.ContainsKey("ANSWERED_ECHO");

    /// <summary>The kernel's own helpers for tags keep the sum of a packet that is at ingress; test-run's is not, and the bare helper fails there.</summary>
    private static bool IsTagged(PacketStep step) => IsTag(step.Packet) || IsTag(step.Out);

    private static bool IsTag(string frame) => frame.AsSpan(24, 4) is "8100" or "88a8";
}

public sealed class ChecksumCompleteTestsInXdp(PacketRig rig) : ChecksumCompleteTests(rig), IClassFixture<PacketRig>;

public sealed class ChecksumCompleteTestsInTc(TcPacketRig rig) : ChecksumCompleteTests(rig), IClassFixture<TcPacketRig>;
