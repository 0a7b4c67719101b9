using System.Diagnostics;
using System.Net;
using System.Runtime.CompilerServices;
using GaleLb.DataPlane.Flows;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;
using GaleLb.DataPlane.Tests.Support;
using GaleLb.State.Forwarding;
using Xunit.Abstractions;

namespace GaleLb.DataPlane.Tests.Flows;

/// <summary>Flows of a real map, listed for people.</summary>
public sealed class FlowListingTests(ITestOutputHelper output)
{
    private const int Flows = 1_000_000;

    [RootFact]
    public void Read_OfAMillionFlows_FindsThoseThatTheFilterNames()
    {
        using BpfMap map = BpfMap.Create(
            BpfMapType.Array, "flows", sizeof(uint), Unsafe.SizeOf<GaleFlowSet>(), FlowTable.SetsFor(2 * Flows, 0), BpfMap.Mmapable);
        using BpfMappedArray memory = map.MapMemory();
        FlowTable table = new(memory, seed: 1);
        Fill(table);

        // The first 256 flows have clients in 10.0.0.0/24; each tenth is of node 7, each third of service 2, each hundredth closes.
        Count(FlowFilter.Everything with { Client = IPNetwork.Parse("10.0.0.0/24") }).Should().Be(256);
        Count(FlowFilter.Everything with { Node = new NodeIndex(7) }).Should().Be(Flows / 10);
        Count(FlowFilter.Everything with { Services = [new ServiceId(2), new ServiceId(9)], State = "fin" }).Should().Be((Flows / 300) + 1);
        Count(FlowFilter.Everything with { State = "fin" }).Should().Be(Flows / 100);
        Count(FlowFilter.Everything with { Protocol = Protocol.Udp }).Should().Be(0);
        Count(new FlowFilter(IPNetwork.Parse("10.0.0.0/24"), [new ServiceId(2)], new NodeIndex(7), Protocol.Tcp, "fin")).Should().Be(1, "flow 0 alone is all of that");
        FlowListing.Read(table, FlowFilter.Everything, 1000, nowMs: 5000).Should().HaveCount(1000);
        FlowRow row = FlowListing.Read(table, FlowFilter.Everything with { Client = IPNetwork.Parse("10.0.0.3/32") }, 10, nowMs: 5000).Should().ContainSingle().Subject;
        (row.Client, row.NodeIndex, row.ServiceId, row.State, row.Idle).Should().Be(
            (IPEndPoint.Parse("10.0.0.3:40000"), new NodeIndex(1), new ServiceId(2), "established", TimeSpan.FromSeconds(4)));

        int Count(FlowFilter filter)
        {
            long started = Stopwatch.GetTimestamp();
            int count = FlowListing.Read(table, filter, int.MaxValue, nowMs: 5000).Length;
            output.WriteLine($"{filter}: {count} in {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms");
            return count;
        }
    }

    /// <summary>Both halves of each.</summary>
    private static void Fill(FlowTable table)
    {
        GaleAddress service = GaleAddress.From(IPAddress.Parse("203.0.113.80")), replica = GaleAddress.From(IPAddress.Parse("10.98.2.1"));
        for (int flow = 0; flow < Flows; flow++)
        {
            GaleAddress client = GaleAddress.From(new IPAddress([10, (byte)(flow >> 16), (byte)(flow >> 8), (byte)flow]));
            GaleAddress node = GaleAddress.From(new IPAddress([172, (byte)(16 + (flow >> 20)), (byte)(flow >> 12), (byte)(flow >> 4)]));
            GaleFlow forward = new()
            {
                Source = replica,
                Destination = node,
                SourcePort = new Be16((ushort)(20_000 + (flow & 15))),
                DestinationPort = new Be16(8080),
                NodeIndex = (ushort)(flow % 10 == 0 ? 7 : 1),
                ServiceId = (ushort)(flow % 3 == 0 ? 2 : 1),
                State = flow % 100 == 0 ? GaleFlowState.Fin : GaleFlowState.Established,
                LastSeenMs = 1000,
                CreatedMs = 500,
            };
            table.Put(
                new GaleFlowKey
                {
                    Source = client,
                    Destination = service,
                    SourcePort = new Be16(40_000),
                    DestinationPort = new Be16(80),
                    Protocol = (byte)Protocol.Tcp,
                },
                forward);
            table.Put(forward.OtherHalf((byte)Protocol.Tcp), forward with
            {
                Source = service,
                Destination = client,
                SourcePort = new Be16(80),
                DestinationPort = new Be16(40_000),
                Direction = GaleFlowDirection.Reverse,
            });
        }
    }
}
