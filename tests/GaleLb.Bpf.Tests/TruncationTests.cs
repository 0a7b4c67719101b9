using GaleLb.Bpf.Tests.Support;

namespace GaleLb.Bpf.Tests;

/// <summary>Frames cut short at every length.</summary>
public abstract class TruncationTests(PacketRig rig)
{
    private const int EthernetHeader = 14;

    private static readonly string[] Harmless = ["pass", "drop", "ok", "shot"];

    public static TheoryData<string> Names() => PacketCase.Names();

    [RootTheory]
    [MemberData(nameof(Names))]
    public void Case_FrameCutShort_IsPassedOrDroppedUntouchedAndLeavesNoFlow(string name)
    {
        PacketCase packetCase = PacketCase.Find(name);
        rig.Reset();
        rig.Put(packetCase.Given);
        foreach (PacketStep step in packetCase.Steps)
        {
            rig.Put(step.Given ?? []);
            byte[] whole = step.PacketBytes;
            int before = rig.Flows(halfOpen: false).Count + rig.Flows(halfOpen: true).Count;
            for (int length = LengthMin(step, whole); length < LengthOfPacket(whole); length++)
            {
                (uint verdict, byte[] after) = rig.Run(step.Program, whole.AsSpan(0, length));
                Verdict.Name(step.Program, verdict).Should().BeOneOf(Harmless, $"{length} of {whole.Length} bytes of \"{name}\"");
                after.Should().Equal(whole[..length], $"{length} of {whole.Length} bytes of \"{name}\"");
            }

            (rig.Flows(halfOpen: false).Count + rig.Flows(halfOpen: true).Count).Should().Be(before, $"\"{name}\"");
            rig.Run(step.Program, whole);
        }
    }

    /// <summary>Test-run of a TC program refuses an IP packet without a whole IP header, as the stack never shows one to TC.</summary>
    private int LengthMin(PacketStep step, byte[] frame) =>
        rig.IsInTc(step.Program) ? EthernetHeader + (frame[12] == 0x08 ? 20 : 40) : EthernetHeader;

    /// <summary>Without the padding behind the IP packet: cutting that off changes nothing.</summary>
    private static int LengthOfPacket(byte[] frame) => Math.Min(frame.Length, LengthSaid(frame));

    private static int LengthSaid(byte[] frame)
    {
        int offset = 12;
        while (frame[offset] is 0x81 or 0x88) offset += 4;
        offset += 2;
        return frame[offset - 2] switch
        {
            0x08 => offset + ((frame[offset + 2] << 8) | frame[offset + 3]),
            0x86 => offset + 40 + ((frame[offset + 4] << 8) | frame[offset + 5]),
            _ => frame.Length,
        };
    }
}

public sealed class TruncationTestsInXdp(PacketRig rig) : TruncationTests(rig), IClassFixture<PacketRig>;

public sealed class TruncationTestsInTc(TcPacketRig rig) : TruncationTests(rig), IClassFixture<TcPacketRig>;
