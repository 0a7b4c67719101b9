using System.Net;
using GaleLb.Bpf.Tests.Support;
using GaleLb.DataPlane.Layout;

namespace GaleLb.Bpf.Tests;

/// <summary>gale_sweep on tables whose time stamps lie far enough from every timeout that the kernel's clock may go on meanwhile.</summary>
public sealed class SweepTests(PacketRig rig) : IClassFixture<PacketRig>
{
    private const uint HourMs = 3_600_000; // every state's timeout, as World has it
    private const uint LongAgo = 2 * HourMs;
    private const uint Lately = HourMs / 2;
    private static readonly GaleAddress Client = GaleAddress.From(IPAddress.Parse("192.0.2.7"));
    private static readonly GaleAddress Vip = GaleAddress.From(IPAddress.Parse("198.51.100.1"));
    private static readonly GaleAddress Source = GaleAddress.From(IPAddress.Parse("10.0.0.1"));
    private static readonly GaleAddress Node = GaleAddress.From(IPAddress.Parse("10.0.0.2"));

    [RootFact]
    public void Sweep_PairIdleBeyondItsTimeout_DeletesBoth()
    {
        Begin();
        AddPair(1, LongAgo, LongAgo);
        Sweep().Should().Be(new GaleSweep { Expired = 1 });
        Left().Should().Be(0);
    }

    [RootTheory]
    [InlineData(GaleFlowState.Established, 1, 0)]
    [InlineData(GaleFlowState.TimeWait, 1, 0)]
    [InlineData(GaleFlowState.SynReceived, 0, 1)]
    [InlineData(GaleFlowState.UdpOneWay, 0, 1)]
    public void Sweep_PairWithinItsTimeout_StaysAndIsCounted(GaleFlowState state, ulong flows, ulong halfOpen)
    {
        Begin();
        AddPair(1, Lately, Lately, state);
        Sweep().Should().Be(new GaleSweep { Flows = flows, HalfOpen = halfOpen });
        Left().Should().Be(2);
    }

    [RootTheory]
    [InlineData(Lately, LongAgo)]
    [InlineData(LongAgo, Lately)]
    public void Sweep_PairWithOneBusyHalf_Stays(uint forwardAge, uint reverseAge)
    {
        Begin();
        AddPair(1, forwardAge, reverseAge);
        Sweep().Should().Be(new GaleSweep { Flows = 1 });
        Left().Should().Be(2);
    }

    [RootFact]
    public void Sweep_ClosedPair_GoesByItsStatesTimeout()
    {
        Begin(closedMs: 1_000);
        AddPair(1, Lately, Lately, GaleFlowState.Closed);
        AddPair(2, Lately, Lately);
        Sweep().Should().Be(new GaleSweep { Expired = 1, Flows = 1 });
    }

    [RootTheory]
    [InlineData(GaleFlowDirection.Forward)]
    [InlineData(GaleFlowDirection.Reverse)]
    public void Sweep_HalfWithoutItsPair_GoesByItsOwnAge(GaleFlowDirection remaining)
    {
        Begin();
        AddPair(1, Lately, Lately);
        AddPair(2, LongAgo, LongAgo);
        foreach ((GaleFlowKey key, GaleFlow flow) in rig.Flows(halfOpen: false))
        {
            if (flow.Direction != remaining) rig.Table.Remove(key);
        }

        Sweep().Orphans.Should().Be(1);
        rig.Flows(halfOpen: false).Single().Flow.LastSeenMs.Should().Be(Stamp(Lately));
    }

    [RootFact]
    public void Sweep_HalfWhosePlaceAnotherFlowTook_IsAnOrphan()
    {
        Begin();
        AddPair(1, LongAgo, LongAgo);
        (GaleFlowKey key, GaleFlow flow) = rig.Flows(halfOpen: false).Single(f => f.Flow.Direction == GaleFlowDirection.Reverse);
        rig.Table.Put(key, flow with { DestinationPort = new Be16(999) });
        Sweep().Should().Be(new GaleSweep { Orphans = 2 });
        Left().Should().Be(0);
    }

    [RootFact]
    public void Sweep_TimeStampAheadOfTheClock_IsNotOld()
    {
        Begin();
        AddPair(1, unchecked(0u - 60_000), unchecked(0u - 60_000));
        Sweep().Should().Be(new GaleSweep { Flows = 1 });
    }

    [RootFact]
    public void Sweep_FullTable_JudgesEverySlot()
    {
        Begin();
        for (ushort port = 1; port <= 1_000; port++) AddPair(port, port % 2 == 0 ? LongAgo : Lately, LongAgo);
        Sweep().Should().Be(new GaleSweep { Flows = 500, Expired = 500 });
        Left().Should().Be(1_000);
    }

    private uint now;

    private void Begin(uint closedMs = HourMs)
    {
        World.SetUp(rig, 1, _ => 0);
        rig.Map("config").TryLookUp(0u, out GaleConfig config);
        config.TimeoutMs[(int)GaleFlowState.Closed] = closedMs;
        rig.PutConfig(config);
        now = unchecked((uint)Environment.TickCount64);
    }

    private uint Stamp(uint age) => unchecked(now - age);

    private int Left() => rig.Flows(halfOpen: false).Count + rig.Flows(halfOpen: true).Count;

    /// <summary>One whole walk. What it counted, but for how far it came.</summary>
    private GaleSweep Sweep()
    {
        rig.Map("sweep").Update(0u, default(GaleSweep));
        ulong end = (ulong)rig.Table.Sets << 5;
        GaleSweep walked;
        do
        {
            byte[] frame = new byte[64];
            rig.Program(GaleObject.Sweep).TestRun(frame, frame, repeat: 100);
            rig.Map("sweep").TryLookUp(0u, out walked);
        }
        while (walked.Next < end);
        return walked with { Next = 0 };
    }

    private void AddPair(ushort port, uint forwardAge, uint reverseAge, GaleFlowState state = GaleFlowState.Established)
    {
        GaleFlow forward = Flow(Source, port, Node, 8000, forwardAge, state, GaleFlowDirection.Forward);
        rig.Table.Put(
            new GaleFlowKey { Source = Client, SourcePort = new Be16(port), Destination = Vip, DestinationPort = new Be16(80), Protocol = PacketBuilder.Tcp }, forward);
        rig.Table.Put(forward.OtherHalf(PacketBuilder.Tcp), Flow(Vip, 80, Client, port, reverseAge, state, GaleFlowDirection.Reverse));
    }

    private GaleFlow Flow(
        GaleAddress source, ushort sourcePort, GaleAddress destination, ushort destinationPort, uint age, GaleFlowState state, GaleFlowDirection direction) => new()
        {
            Source = source,
            SourcePort = new Be16(sourcePort),
            Destination = destination,
            DestinationPort = new Be16(destinationPort),
            LastSeenMs = Stamp(age),
            State = state,
            Direction = direction,
        };
}
