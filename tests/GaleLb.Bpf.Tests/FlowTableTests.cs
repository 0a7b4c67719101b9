using System.Collections.Concurrent;
using System.Net;
using GaleLb.Bpf.Tests.Support;
using GaleLb.DataPlane.Flows;
using GaleLb.DataPlane.Layout;

namespace GaleLb.Bpf.Tests;

/// <summary>The table of flows, as programs and as user space see it.</summary>
public sealed class FlowTableTests
{
    [RootTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Table_FilledByPrograms_IsReadAlikeInCSharp(bool ipv4)
    {
        const int flows = 2_000;
        using PacketRig rig = PacketRig.Load();
        World.SetUp(rig, 3, slot => (ushort)(slot % 3));
        for (int number = 0; number < flows; number++)
            rig.Run(GaleObject.XdpPublic, PacketBuilder.Build(World.Client(ipv4, number), World.Vip(ipv4), PacketBuilder.Udp));

        IReadOnlyList<(GaleFlowKey Key, GaleFlow Flow)> all = rig.Flows(halfOpen: true);
        all.Should().HaveCount(2 * flows);
        foreach ((GaleFlowKey key, GaleFlow flow) in all)
        {
            rig.Table.TryLookUp(key, out GaleFlow found).Should().BeTrue();
            found.Should().Be(flow);
            rig.Table.TryLookUp(flow.OtherHalf(key.Protocol), out GaleFlow other).Should().BeTrue();
            other.OtherHalf(key.Protocol).Should().Be(key);
        }
    }

    [RootFact]
    public void Table_FilledInCSharp_IsWhatProgramsGoBy()
    {
        using PacketRig rig = PacketRig.Load();
        World.SetUp(rig, 3, slot => (ushort)(slot % 3));
        for (int number = 0; number < 500; number++)
        {
            IPEndPoint client = World.Client(ipv4: true, number);
            GaleFlowKey key = new()
            {
                Source = GaleAddress.From(client.Address),
                SourcePort = new Be16((ushort)client.Port),
                Destination = GaleAddress.From(World.VipFour.Address),
                DestinationPort = new Be16((ushort)World.VipFour.Port),
                Protocol = PacketBuilder.Tcp,
            };
            rig.Table.Put(key, new GaleFlow
            {
                Source = GaleAddress.From(World.SourceFour),
                SourcePort = new Be16((ushort)(30_000 + number)),
                Destination = GaleAddress.From(World.NodeFour(2)),
                DestinationPort = new Be16(8080),
                NodeGeneration = 1,
                NodeIndex = 2,
                ServiceId = 1,
                State = GaleFlowState.Established,
            });
            (uint verdict, byte[] frame) = rig.Run(GaleObject.XdpPublic, PacketBuilder.Build(client, World.VipFour, PacketBuilder.Tcp, PacketBuilder.Ack));
            Verdict.Name(GaleObject.XdpPublic, verdict).Should().Be(Verdict.Redirect);
            ParsedFrame.From(frame).Source.Should().Be(new IPEndPoint(World.SourceFour, 30_000 + number));
        }
    }

    /// <summary>
    /// A table far too small, so that each new flow pushes another out, on all processors at once. An answer that gets through goes to a client
    /// that had this very source port towards this node, and carries the ports of that client's connection: no half is ever made of two.
    /// </summary>
    [RootFact]
    public void Table_PushedOutOnAllProcessorsAtOnce_MixesNoTwoFlows()
    {
        const int threads = 4, perThread = 10_000;
        using PacketRig rig = PacketRig.Load(flowSets: 2);
        World.SetUp(rig, 2, slot => (ushort)(slot % 2));
        ConcurrentBag<(IPEndPoint Source, IPEndPoint Node, IPEndPoint Client)> sent = [], returned = [];
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, thread =>
        {
            for (int number = 0; number < perThread; number++)
            {
                IPEndPoint client = World.Client(ipv4: true, (thread * perThread) + number);
                ParsedFrame atNode = ParsedFrame.From(
                    rig.Run(GaleObject.XdpPublic, PacketBuilder.Build(client, World.VipFour, PacketBuilder.Tcp, PacketBuilder.Syn)).Frame);
                sent.Add((atNode.Source, atNode.Destination, client));
                (uint verdict, byte[] frame) = rig.Run(
                    GaleObject.TcPrivate, PacketBuilder.Build(atNode.Destination, atNode.Source, PacketBuilder.Tcp, PacketBuilder.Syn | PacketBuilder.Ack));
                if (Verdict.Name(GaleObject.TcPrivate, verdict) == Verdict.Redirect)
                    returned.Add((atNode.Source, atNode.Destination, ParsedFrame.From(frame).Destination));
            }
        });
        returned.Should().NotBeEmpty();
        returned.Except(sent).Should().BeEmpty();
    }

    /// <summary>
    /// A slot that is given to another flow and back all the time, as writers do it. Who reads it meanwhile finds the flow whole, or none: what is sent
    /// carries nothing of the other, and user space reads nothing of it either.
    /// </summary>
    [RootFact]
    public void Table_WhoseSlotIsReplacedWhileItIsRead_GivesNoMixture()
    {
        const int reads = 100_000;
        using PacketRig rig = PacketRig.Load(flowSets: 1);
        World.SetUp(rig, 3, slot => (ushort)(slot % 3));
        IPEndPoint client = World.Client(ipv4: true, 1);
        (GaleFlowKey Key, GaleFlow Flow) ours = Opened(rig, client), theirs = Opened(rig, World.Client(ipv4: true, 2));
        rig.Table.Put(ours.Key, ours.Flow);
        byte[] packet = PacketBuilder.Build(client, World.VipFour, PacketBuilder.Tcp, PacketBuilder.Ack);

        using CancellationTokenSource end = new();
        Task writing = Task.Factory.StartNew(() => Replace(rig, ours, theirs, end.Token), default, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        int sent = 0, read = 0;
        try
        {
            for (int number = 0; number < reads; number++)
            {
                ParsedFrame left = ParsedFrame.From(rig.Run(GaleObject.XdpPublic, packet).Frame);
                left.ChecksumsRight.Should().BeTrue();
                if (!left.Destination.Equals(client)) // not refused for want of a flow
                {
                    sent++;
                    (Address(left.Source), Address(left.Destination)).Should().Be(
                        ((ours.Flow.Source, ours.Flow.SourcePort), (ours.Flow.Destination, ours.Flow.DestinationPort)));
                }

                if (!rig.Table.TryLookUp(ours.Key, out GaleFlow found)) continue;
                read++;
                (found with { LastSeenMs = 0 }).Should().Be(ours.Flow with { LastSeenMs = 0 });
            }
        }
        finally
        {
            end.Cancel();
            writing.Wait();
        }

        sent.Should().BePositive();
        read.Should().BePositive();
    }

    private static (GaleAddress Address, Be16 Port) Address(IPEndPoint end) => (GaleAddress.From(end.Address), new Be16((ushort)end.Port));

    /// <summary>The forward half of a flow that a first packet opened, as if it were established.</summary>
    private static (GaleFlowKey Key, GaleFlow Flow) Opened(PacketRig rig, IPEndPoint client)
    {
        rig.Run(GaleObject.XdpPublic, PacketBuilder.Build(client, World.VipFour, PacketBuilder.Tcp, PacketBuilder.Syn));
        (GaleFlowKey key, GaleFlow flow) = rig.Flows(halfOpen: true).Single(half => (half.Key.Source, half.Key.SourcePort) == Address(client));
        return (key, flow with { State = GaleFlowState.Established });
    }

    private static void Replace(PacketRig rig, (GaleFlowKey Key, GaleFlow Flow) one, (GaleFlowKey Key, GaleFlow Flow) other, CancellationToken end)
    {
        int number = Enumerable.Range(0, GaleLimit.FlowSlots).Single(n => rig.Table.TryRead(0, n, out GaleFlowKey key, out _) && key == one.Key);
        ref GaleFlowSlot slot = ref rig.FlowSet(0).Slot[number];
        for (bool isOne = true; !end.IsCancellationRequested || !isOne; isOne = !isOne)
        {
            Volatile.Write(ref slot.Version, slot.Version + 1);
            Interlocked.MemoryBarrier();
            (slot.Key, slot.Flow) = isOne ? other : one;
            Volatile.Write(ref slot.Version, slot.Version + 1);
            Thread.SpinWait(20);
        }
    }

    [Theory]
    [InlineData(262_144, 65_536)]
    [InlineData(1_024, 33_554_432)]
    [InlineData(33_554_432, 1_024)]
    public void Sets_ForTheFlowsConfigured_HaveRoomForAllOfThem(uint established, uint halfOpen)
    {
        double slots = (double)FlowTable.SetsFor(established, halfOpen) * GaleLimit.FlowSlots;
        slots.Should().BeInRange(2.0 * (established + halfOpen), 4.1 * ((double)established + halfOpen) + GaleLimit.FlowSlots);
    }
}
