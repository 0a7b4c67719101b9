using System.Buffers.Binary;
using GaleLb.Bpf.Tests.Support;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;
using static GaleLb.Bpf.Tests.Fuzz.InvariantException;

namespace GaleLb.Bpf.Tests.Fuzz;

/// <summary>Feeds packets to the programs of a world made anew, and has each judged.</summary>
internal sealed class FuzzRun
{
    private readonly PacketRig rig;
    private readonly Dictionary<GaleReason, GaleCounter> before;

    public FuzzRun(PacketRig rig, int seed)
    {
        this.rig = rig;
        World = new FuzzWorld(rig, seed);
        Judge = new PacketJudge(World);
        before = rig.Counters();
    }

    public FuzzWorld World { get; }

    public PacketJudge Judge { get; }

    /// <summary>How many packets had each outcome.</summary>
    public long[] Outcomes { get; } = new long[Enum.GetValues<FuzzOutcome>().Length];

    /// <summary>What came out last, for messages and for packets that refer to it.</summary>
    public byte[] After { get; private set; } = [];

    /// <summary>Runs one packet. <see cref="After"/> holds what came out, also when a rule is broken.</summary>
    /// <exception cref="InvariantException">A rule is broken.</exception>
    public FuzzOutcome Feed(FuzzInput input)
    {
        if (input.GivesUp is { } node)
        {
            World.GiveUp(rig, node);
            return FuzzOutcome.Passed;
        }

        (uint verdict, After) = rig.Run(input.Program, input.Frame, context: input.SegmentSize == 0 ? default : Merged(input));
        FuzzOutcome outcome = Judge.Judge(input.Program, verdict, input.Frame, After, input.Must, input.SegmentSize);
        Outcomes[(int)outcome]++;
        return outcome;
    }

    /// <summary>A <c>struct __sk_buff</c> (linux/bpf.h) that says of how many segments the frame is.</summary>
    private static byte[] Merged(FuzzInput input)
    {
        const int Length = 192, Segments = 164, Size = 176;
        byte[] context = new byte[Length];
        BinaryPrimitives.WriteInt32LittleEndian(context.AsSpan(Segments), (input.Frame.Length / input.SegmentSize) + 1);
        BinaryPrimitives.WriteInt32LittleEndian(context.AsSpan(Size), input.SegmentSize);
        return context;
    }

    /// <summary>Each packet has one reason, and the reasons are those that the packets show.</summary>
    public void CheckCounters()
    {
        Dictionary<GaleReason, GaleCounter> after = rig.Counters();
        long Counted(Func<GaleReason, bool> which) => after.Where(c => which(c.Key)).Sum(c => (long)(c.Value.Packets - before[c.Key].Packets));
        Check(
            Counted(r => r is not (GaleReason.ResetSent or GaleReason.UnreachableSent)) == Outcomes.Sum(), "counters",
            $"{Counted(r => r is not (GaleReason.ResetSent or GaleReason.UnreachableSent))} reasons for {Outcomes.Sum()} packets");
        Same(FuzzOutcome.Passed, r => r <= GaleReason.PassFragment);
        Same(FuzzOutcome.ForwardedL4, r => r == GaleReason.ForwardedL4);
        Same(FuzzOutcome.ForwardedL3, r => r == GaleReason.ForwardedL3);
        Same(FuzzOutcome.ForwardedL2, r => r == GaleReason.ForwardedL2);
        Same(FuzzOutcome.ReturnedL4, r => r == GaleReason.ReturnedL4);
        Same(FuzzOutcome.ForwardedIcmp, r => r == GaleReason.ForwardedIcmp);
        Same(FuzzOutcome.ReturnedIcmp, r => r == GaleReason.ReturnedIcmp);
        Same(FuzzOutcome.AnsweredEcho, r => r == GaleReason.AnsweredEcho);
        Same(FuzzOutcome.AnsweredTooBig, r => r == GaleReason.AnsweredTooBig);
        Same(FuzzOutcome.ResetSent, r => r == GaleReason.ResetSent);
        Same(FuzzOutcome.UnreachableSent, r => r == GaleReason.UnreachableSent);

        void Same(FuzzOutcome outcome, Func<GaleReason, bool> which) =>
            Check(Counted(which) == Outcomes[(int)outcome], "counters", $"{outcome}: {Counted(which)} counted, {Outcomes[(int)outcome]} seen");
    }
}
