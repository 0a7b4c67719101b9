using GaleLb.Bpf.Tests.Support;

namespace GaleLb.Bpf.Tests;

/// <summary>
/// The sum that a card takes over a whole packet (CHECKSUM_COMPLETE) must follow what TC writes, or the kernel reports a hardware checksum failure
/// for what is forwarded to a local veth. Test-run compares it where asked by flag 1 &lt;&lt; 2.
/// </summary>
public sealed class ChecksumCompleteTests(PacketRig rig) : IClassFixture<PacketRig>
{
    private const uint ChecksumComplete = 1u << 2;
    private const string TcPrivate = "gale_tc_private";

    public static TheoryData<string> Names()
    {
        // A reset or an error in its place cuts the packet, at which the kernel forgets the sum; test-run compares it all the same.
        TheoryData<string> names = [];
        foreach (PacketCase one in PacketCase.All)
        {
            if (one.Steps.Any(s => s.Program == TcPrivate) && !one.Steps.Any(s => s.Program == TcPrivate && (s.Counts.ContainsKey("RESET_SENT") || s.Counts.ContainsKey("ANSWERED_TOO_BIG"))))
                names.Add(one.Name);
        }

        return names;
    }

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
            uint flags = step.Program == TcPrivate ? ChecksumComplete : 0;
            (uint verdict, _) = rig.Run(step.Program, step.PacketBytes, flags);
            Verdict.Name(step.Program, verdict).Should().Be(step.Verdict);
        }
    }
}
