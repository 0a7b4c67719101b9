using System.Runtime.InteropServices;
using GaleLb.Bpf.Tests.Support;
using GaleLb.DataPlane;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;

namespace GaleLb.Bpf.Tests;

/// <summary>The programs that tell of packets: they decide as ever and tell of each packet that the filter names.</summary>
public abstract class TraceTests(TraceTests.Rig traced)
{
    public static TheoryData<string> Names() => PacketCase.Names();

    [RootTheory]
    [MemberData(nameof(Names))]
    public void Case_Traced_GivesTheSameAndIsToldOfOnce(string name)
    {
        traced.Filter(Everything);
        CaseRun.Run(traced.Packets, name, (step, where) =>
        {
            GaleTrace told = traced.Told().Should().ContainSingle(where).Subject;
            CaseRun.Reasons(step).Should().Contain(told.Reason, where);
            Verdict.Name(step.Program, told.Verdict).Should().Be(step.Verdict, where);
            told.Side.Should().Be(step.Program == GaleObject.TcPrivate ? GaleTraceSide.Private : GaleTraceSide.Public, where);
            (told.Left != default).Should().Be(step.Verdict is "tx" or Verdict.Redirect, where);
        });
    }

    [RootTheory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(3, 0)]
    [InlineData(4, 0)]
    [InlineData(5, 0)]
    public void Filter_ByOneThing_TellsOfWhatHasIt(int which, int told)
    {
        PacketCase opening = PacketCase.All.First(c => CaseRun.Reasons(c.Steps[0]).SequenceEqual([GaleReason.ForwardedL4]));
        traced.Filter(Everything);
        traced.Run(opening);
        GaleTrace packet = traced.Told().Single();
        GaleTraceFilter exact = Everything with
        {
            Reasons = 1ul << (int)packet.Reason,
            Address = packet.Came.Source,
            Mask = AllOnes,
            ServiceId = packet.ServiceId,
            NodeIndex = packet.NodeIndex,
            Port = packet.Left.DestinationPort,
            Protocol = packet.Came.Protocol,
        };
        traced.Filter(which switch
        {
            0 => exact,
            1 => exact with { Reasons = ~exact.Reasons & ~(1ul << (int)GaleTrace.NoReason) },
            2 => exact with { Address = AllOnes },
            3 => exact with { ServiceId = packet.ServiceId + 1 },
            4 => exact with { NodeIndex = packet.NodeIndex + 1 },
            _ => exact with { Port = new Be16((ushort)(packet.Left.DestinationPort.Host + 1)) },
        });
        traced.Run(opening);
        traced.Told().Should().HaveCount(told);
    }

    [RootFact]
    public void Filter_OneInTen_TellsOfATenth()
    {
        PacketCase any = PacketCase.All.First(c => CaseRun.Reasons(c.Steps[0]).SequenceEqual([GaleReason.ForwardedL4]));
        traced.Filter(Everything with { OneIn = 10 });
        for (int i = 0; i < 100; i++) traced.Run(any);
        traced.Told().Count.Should().BeInRange(100 / 10 - BpfObject.PossibleCpus, (100 / 10) + BpfObject.PossibleCpus, "each CPU counts for itself");
    }

    private static GaleAddress AllOnes
    {
        get
        {
            byte[] bytes = new byte[16];
            Array.Fill(bytes, byte.MaxValue);
            return MemoryMarshal.Read<GaleAddress>(bytes);
        }
    }

    private static GaleTraceFilter Everything => new()
    {
        Reasons = ulong.MaxValue,
        ServiceId = GaleLimit.TraceAny,
        NodeIndex = GaleLimit.TraceAny,
        OneIn = 1,
    };

    /// <summary>The programs, and the ring that they tell into.</summary>
    public abstract class Rig : IDisposable
    {
        private readonly BpfRingBuffer? ring;

        protected Rig(PublicHook hook)
        {
            Packets = PacketRig.LoadTraced(hook: hook);
            if (Environment.IsPrivilegedProcess) ring = new BpfRingBuffer(Packets.Map("traces"));
        }

        public PacketRig Packets { get; }

        public void Filter(GaleTraceFilter filter)
        {
            Packets.Map("trace_filter").Update(0u, filter);
            Told();
        }

        /// <summary>The first step of a case.</summary>
        public void Run(PacketCase packetCase)
        {
            Packets.Reset();
            Packets.Put(packetCase.Given);
            Packets.Run(packetCase.Steps[0].Program, packetCase.Steps[0].PacketBytes);
        }

        public IReadOnlyList<GaleTrace> Told() => [.. ring!.TakeAll().Select(r => MemoryMarshal.Read<GaleTrace>(r))];

        public void Dispose()
        {
            ring?.Dispose();
            Packets.Dispose();
            GC.SuppressFinalize(this);
        }
    }

    public sealed class XdpRig() : Rig(PublicHook.Xdp);

    public sealed class TcRig() : Rig(PublicHook.Tc);
}

public sealed class TraceTestsInXdp(TraceTests.XdpRig traced) : TraceTests(traced), IClassFixture<TraceTests.XdpRig>;

public sealed class TraceTestsInTc(TraceTests.TcRig traced) : TraceTests(traced), IClassFixture<TraceTests.TcRig>;
