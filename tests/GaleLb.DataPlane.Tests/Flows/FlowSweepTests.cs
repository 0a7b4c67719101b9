using System.Net;
using GaleLb.DataPlane.Flows;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;

namespace GaleLb.DataPlane.Tests.Flows;

public sealed class FlowSweepTests
{
    private const uint EstablishedMs = 10_000;
    private const uint ClosedMs = 1_000;
    private readonly FakeTable table = new();
    private uint nowMs = 1_000_000;

    [Fact]
    public void Sweep_PairIdleBeyondItsTimeout_DeletesBoth()
    {
        table.AddPair(1, nowMs, nowMs);
        nowMs += EstablishedMs + 1;
        Sweep().Expired.Should().Be(1);
        table.Count.Should().Be(0);
    }

    [Fact]
    public void Sweep_PairWithinItsTimeout_StaysAndIsCounted()
    {
        table.AddPair(1, nowMs, nowMs);
        nowMs += EstablishedMs;
        (Sweep().Flows, table.Count).Should().Be((1, 2));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Sweep_PairWithOneBusyHalf_Stays(bool forwardBusy)
    {
        uint late = nowMs + EstablishedMs;
        table.AddPair(1, forwardBusy ? late : nowMs, forwardBusy ? nowMs : late);
        nowMs = late + 1;
        (Sweep().Flows, table.Count).Should().Be((1, 2));
    }

    [Fact]
    public void Sweep_ClosedPair_GoesByItsStatesTimeout()
    {
        table.AddPair(1, nowMs, nowMs, GaleFlowState.Closed);
        nowMs += ClosedMs + 1;
        Sweep();
        table.Count.Should().Be(0);
    }

    [Theory]
    [InlineData(GaleFlowDirection.Forward)]
    [InlineData(GaleFlowDirection.Reverse)]
    public void Sweep_HalfWithoutItsPair_GoesByItsOwnAge(GaleFlowDirection remaining)
    {
        table.AddPair(1, nowMs, nowMs);
        table.RemoveHalf(remaining == GaleFlowDirection.Forward ? GaleFlowDirection.Reverse : GaleFlowDirection.Forward);
        nowMs += EstablishedMs;
        Sweep().Orphans.Should().Be(0);
        nowMs += 1;
        (Sweep().Orphans, table.Count).Should().Be((1, 0));
    }

    [Fact]
    public void Sweep_HalfWhosePlaceAnotherFlowTook_IsAnOrphan()
    {
        table.AddPair(1, nowMs, nowMs);
        table.RedirectReverse();
        nowMs += EstablishedMs + 1;
        Sweep().Orphans.Should().Be(2);
        table.Count.Should().Be(0);
    }

    [Fact]
    public void Sweep_AcrossTheClocksWrap_ComparesByDifference()
    {
        uint before = uint.MaxValue - 100;
        table.AddPair(1, before, before);
        nowMs = 200;
        Sweep();
        table.Count.Should().Be(2);
        nowMs = before + EstablishedMs + 1;
        Sweep();
        table.Count.Should().Be(0);
    }

    /// <summary>
    /// (1) Two connections that are over are read in one batch, (2) the first is judged, (3) while the second is, a new one takes over the
    /// addresses and ports of the first.
    /// </summary>
    [Fact]
    public void Sweep_FlowBegunAnewWhileItsBatchIsJudged_Stays()
    {
        table.AddPair(1, nowMs, nowMs, GaleFlowState.Closed);
        table.AddPair(2, nowMs, nowMs, GaleFlowState.Closed);
        nowMs += ClosedMs + 1;
        table.BeforeLookUp = port =>
        {
            if (port != 2) return;
            table.BeforeLookUp = null;
            table.Clear(keepPort: 2);
            table.AddPair(1, nowMs, nowMs);
        };
        Sweep();
        table.Count.Should().Be(2);
    }

    [Fact]
    public void Sweep_TimeStampAMomentAhead_IsNotOld()
    {
        table.AddPair(1, nowMs + 5, nowMs + 5);
        Sweep();
        table.Count.Should().Be(2);
    }

    [Fact]
    public void Step_OfALargeTable_IsBounded()
    {
        for (ushort i = 1; i <= 1000; i++) table.AddPair(i, nowMs, nowMs);
        FlowSweep sweep = NewSweep(stepSize: 64);
        int steps = 1;
        while (!sweep.Step(nowMs)) steps++;
        table.LargestBatch.Should().Be(64);
        steps.Should().Be((2000 / 64) + 1);
        sweep.Flows.Should().Be(1000);
    }

    private FlowSweep NewSweep(int stepSize = 64)
    {
        FlowTimeouts timeouts = default;
        for (int i = 1; i < 9; i++) timeouts[i] = EstablishedMs;
        timeouts[(int)GaleFlowState.Closed] = ClosedMs;
        return new FlowSweep(table, timeouts, stepSize);
    }

    private FlowSweep Sweep()
    {
        FlowSweep sweep = NewSweep();
        while (!sweep.Step(nowMs))
        {
        }

        return sweep;
    }

    /// <summary>Flows in memory, in the order of their keys.</summary>
    private sealed class FakeTable : IFlowTable
    {
        private static readonly GaleAddress Client = GaleAddress.From(IPAddress.Parse("192.0.2.7"));
        private static readonly GaleAddress Vip = GaleAddress.From(IPAddress.Parse("198.51.100.1"));
        private static readonly GaleAddress Source = GaleAddress.From(IPAddress.Parse("10.0.0.1"));
        private static readonly GaleAddress Node = GaleAddress.From(IPAddress.Parse("10.0.0.2"));
        private readonly Dictionary<GaleFlowKey, GaleFlow> flows = [];
        private GaleFlowKey[] order = [];
        private int at;

        public int Count => flows.Count;

        public int LargestBatch { get; private set; }

        /// <summary>Called with the client's port of the flow that is looked up.</summary>
        public Action<ushort>? BeforeLookUp { get; set; }

        public void Clear(ushort keepPort)
        {
            foreach (GaleFlowKey key in flows.Keys.Where(k => PortOf(k) != keepPort).ToArray()) flows.Remove(key);
        }

        public void AddPair(ushort port, uint forwardSeen, uint reverseSeen, GaleFlowState state = GaleFlowState.Established)
        {
            GaleFlowKey forwardKey = Key(Client, port, Vip, 80);
            GaleFlow forward = Flow(Source, port, Node, 8000, forwardSeen, state, GaleFlowDirection.Forward);
            flows.Add(forwardKey, forward);
            flows.Add(forward.OtherHalf(6), Flow(Vip, 80, Client, port, reverseSeen, state, GaleFlowDirection.Reverse));
        }

        public void RemoveHalf(GaleFlowDirection direction) => flows.Remove(flows.Single(f => f.Value.Direction == direction).Key);

        /// <summary>The reverse half now leads to another client's port.</summary>
        public void RedirectReverse()
        {
            (GaleFlowKey key, GaleFlow flow) = flows.Single(f => f.Value.Direction == GaleFlowDirection.Reverse);
            flows[key] = flow with { DestinationPort = new Be16(999) };
        }

        public int LookUpBatch(BpfBatchCursor cursor, Span<GaleFlowKey> keys, Span<GaleFlow> values)
        {
            LargestBatch = Math.Max(LargestBatch, keys.Length);
            if (!cursor.Started)
            {
                cursor.Started = true;
                order = [.. flows.Keys];
                at = 0;
            }

            int count = 0;
            for (; count < keys.Length && at < order.Length; at++)
            {
                if (!flows.TryGetValue(order[at], out GaleFlow flow)) continue;
                (keys[count], values[count]) = (order[at], flow);
                count++;
            }

            cursor.AtEnd = at >= order.Length;
            return count;
        }

        public bool TryLookUp(in GaleFlowKey key, out GaleFlow flow)
        {
            BeforeLookUp?.Invoke(PortOf(key));
            return flows.TryGetValue(key, out flow);
        }

        /// <summary>The client's port is also the source port towards the node.</summary>
        private static ushort PortOf(in GaleFlowKey key) => key.SourcePort.Host is 80 or 8000 ? key.DestinationPort.Host : key.SourcePort.Host;

        public int Delete(ReadOnlySpan<GaleFlowKey> keys)
        {
            int deleted = 0;
            foreach (GaleFlowKey key in keys) deleted += flows.Remove(key) ? 1 : 0;
            return deleted;
        }

        private static GaleFlowKey Key(GaleAddress source, ushort sourcePort, GaleAddress destination, ushort destinationPort) => new()
        {
            Source = source, SourcePort = new Be16(sourcePort), Destination = destination, DestinationPort = new Be16(destinationPort), Protocol = 6,
        };

        private static GaleFlow Flow(
            GaleAddress source, ushort sourcePort, GaleAddress destination, ushort destinationPort, uint seen, GaleFlowState state,
            GaleFlowDirection direction) => new()
            {
                Source = source, SourcePort = new Be16(sourcePort), Destination = destination, DestinationPort = new Be16(destinationPort),
                LastSeenMs = seen, State = state, Direction = direction,
            };
    }
}
