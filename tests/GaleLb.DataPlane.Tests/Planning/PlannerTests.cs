using System.Collections.Immutable;
using System.Net;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Planning;
using GaleLb.DataPlane.Tests.Support;
using GaleLb.State.Forwarding;
using static GaleLb.DataPlane.Tests.Support.Tables;

namespace GaleLb.DataPlane.Tests.Planning;

public sealed class PlannerTests
{
    private const long GraceMs = 1000;
    private static readonly IPAddress SelfOne = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress VipOne = IPAddress.Parse("198.51.100.1");
    private static readonly LocalBinding Binding = new([SelfOne]);
    private static readonly IPAddress[] Addresses = [.. Enumerable.Range(1, 40).Select(i => IPAddress.Parse($"10.0.0.{i}"))];

    private readonly MapImage image = new();
    private long nowMs = 10_000;

    [Fact]
    public void Plan_FirstTable_WritesRingThenNodesThenService()
    {
        Apply(Of(1, [Service(0, null, 80, 0)], [Ring(0, 0, 1)], [Node(0, Addresses[0]), Node(1, Addresses[1])]))
            .Select(o => o.GetType().Name).Should().Equal(
                nameof(WriteRing), nameof(ClearNextHop), nameof(WriteNode), nameof(ClearNextHop), nameof(WriteNode), nameof(WriteService));
    }

    [Fact]
    public void Plan_SameTableAgain_DoesNothing()
    {
        ForwardingTable table = Of(1, [Service(0, null, 80, 0), Service(1, VipOne, 80, 0)], [Ring(0, 0)], [Node(0, Addresses[0])]);
        Apply(table);
        Apply(table with { Index = new Raft.LogIndex(2) }).Should().BeEmpty();
    }

    [Fact]
    public void Plan_ServiceOfSelf_HasEveryOwnAddress()
    {
        LocalBinding two = new([SelfOne, IPAddress.Parse("2001:db8::1")]);
        ImmutableArray<MapOperation> plan = Planner.Plan(image, Of(1, [Service(0, null, 80, null)], [], []), two, nowMs, GraceMs);
        plan.OfType<WriteService>().Select(s => $"{s.Key.Address} {s.Key.Port} {s.Key.Protocol}").Should().Equal("192.0.2.1 80 6", "2001:db8::1 80 6");
    }

    [Fact]
    public void Plan_ServiceOfExplicitAddress_AlsoAnswersPing()
    {
        ImmutableArray<MapOperation> plan = Apply(Of(1, [Service(3, VipOne, 80, null)], [], []));
        plan.OfType<WriteService>().Select(s => $"{s.Key.Address} {s.Key.Port} {s.Key.Protocol}")
            .Should().Equal("198.51.100.1 0 1", "198.51.100.1 80 6");
    }

    [Fact]
    public void Plan_ServiceWithoutRing_HasNoRing() =>
        Apply(Of(1, [Service(0, null, 80, null)], [], [])).OfType<WriteService>().Single().Value.Ring.Should().Be(GaleLimit.RingNone);

    [Fact]
    public void Plan_TwoServicesOfOneRing_WriteItOnce() =>
        Apply(Of(1, [Service(0, null, 80, 0), Service(1, null, 81, 0)], [Ring(0, 0)], [Node(0, Addresses[0])])).OfType<WriteRing>().Should().HaveCount(1);

    [Fact]
    public void Plan_RingUnderAnotherIdWithSameContent_IsNotWritten()
    {
        Apply(Of(1, [Service(0, null, 80, 0)], [Ring(0, 0, 1)], [Node(0, Addresses[0]), Node(1, Addresses[1])]));
        Apply(Of(2, [Service(0, null, 80, 7)], [Ring(7, 0, 1)], [Node(0, Addresses[0]), Node(1, Addresses[1])])).Should().BeEmpty();
    }

    [Fact]
    public void Plan_RingThatNoServiceNames_IsNotWritten() =>
        Apply(Of(1, [], [Ring(0, 0)], [Node(0, Addresses[0])])).OfType<WriteRing>().Should().BeEmpty();

    [Fact]
    public void Plan_RetiredSlot_IsReusedOnlyAfterItsGrace()
    {
        RingSlot SlotOf(ImmutableArray<MapOperation> plan) => plan.OfType<WriteRing>().Single().Slot;
        NodeRow[] nodes = [Node(0, Addresses[0]), Node(1, Addresses[1]), Node(2, Addresses[2])];
        ForwardingTable Table(ulong index, params int[] ring) => Of(index, [Service(0, null, 80, 0)], [Ring(0, ring)], nodes);

        SlotOf(Apply(Table(1, 0))).Should().Be(new RingSlot(0));
        SlotOf(Apply(Table(2, 1))).Should().Be(new RingSlot(1));
        nowMs += GraceMs - 1;
        SlotOf(Apply(Table(3, 2))).Should().Be(new RingSlot(2));
        nowMs += 1;
        SlotOf(Apply(Table(4, 0, 1))).Should().Be(new RingSlot(0));
    }

    [Fact]
    public void Plan_SlotThatIsBeingEmptied_IsPassedOver()
    {
        image.Retired[new RingSlot(0)] = MapImage.Releasing;
        nowMs = 10 * GraceMs;

        Apply(Of(1, [Service(0, null, 80, 0)], [Ring(0, 0)], [Node(0, Addresses[0])])).OfType<WriteRing>().Single().Slot.Should().Be(new RingSlot(1));
    }

    [Fact]
    public void Plan_PlaceTakenOverBySomebodyElse_IsEmptiedWhileRingsMove()
    {
        Apply(Of(1, [Service(0, null, 80, 0)], [Ring(0, 0, 1)], [Node(0, Addresses[0]), Node(1, Addresses[1])]));
        ImmutableArray<MapOperation> plan =
            Apply(Of(2, [Service(0, null, 80, 0)], [Ring(0, 0, 0, 1)], [Node(0, Addresses[2], generation: 2), Node(1, Addresses[1])]));
        plan.Select(o => o switch { WriteNode { Value.Flags: GaleNodeFlag.None } => "empty", _ => o.GetType().Name }).Should().Equal(
            nameof(WriteRing), "empty", nameof(WriteService), nameof(ClearNextHop), nameof(WriteNode), nameof(RetireRing));
    }

    [Fact]
    public void Plan_NodeGivenUp_IsMarkedInPlace()
    {
        Apply(Of(1, [Service(0, null, 80, 0)], [Ring(0, 0)], [Node(0, Addresses[0])]));
        ImmutableArray<MapOperation> plan = Apply(Of(2, [Service(0, null, 80, null)], [], [Node(0, Addresses[0], flows: NodeFlows.Refuse)]));
        plan.OfType<WriteNode>().Single().Value.Flags.Should().Be(GaleNodeFlag.Valid | GaleNodeFlag.Refuse);
    }

    [Fact]
    public void Plan_TwoServicesOfOneAddressAndPort_IsRefused()
    {
        Action apply = () => Apply(Of(1, [Service(0, null, 80, null), Service(1, SelfOne, 80, null)], [], []));
        apply.Should().Throw<PlanException>().WithMessage("service service-1: 192.0.2.1 port 80 Tcp belongs to another service too");
    }

    [Fact]
    public void Plan_ServiceOfUnknownRing_IsRefused()
    {
        Action apply = () => Apply(Of(1, [Service(0, null, 80, 4)], [], []));
        apply.Should().Throw<PlanException>().WithMessage("service service-0 names ring 4*");
    }

    [Fact]
    public void Plan_MoreRingsThanSlots_IsRefused()
    {
        for (int i = 0; i < GaleLimit.RingsMax; i++) image.Retired[new RingSlot(i)] = nowMs;
        Action apply = () => Apply(Of(1, [Service(0, null, 80, 0)], [Ring(0, 0)], [Node(0, Addresses[0])]));
        apply.Should().Throw<PlanException>().WithMessage("no free ring*");
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Plan_AnyTwoTables_NeverShowAMixture(int seed)
    {
        Random random = new(seed);
        FakeMaps maps = new();
        ForwardingTable table = RandomTable(random, 0);
        foreach (MapOperation operation in Apply(table)) maps.Do(operation);
        for (ulong index = 1; index <= 6; index++)
        {
            nowMs += random.Next(2) * GraceMs;
            table = RandomTable(random, index);
            Step(maps, Apply(table));
        }
    }

    public static TheoryData<int> Seeds() => [.. Enumerable.Range(1, 25)];

    /// <summary>After every step each service's packets go where the old or where the new table says, or, at a place that changes hands, nowhere.</summary>
    private static void Step(FakeMaps maps, ImmutableArray<MapOperation> plan)
    {
        FakeMaps done = maps.Copy();
        foreach (MapOperation operation in plan) done.Do(operation);
        GaleServiceKey[] keys = [.. maps.Services.Union(done.Services)];
        Dictionary<GaleServiceKey, (GaleNode[]? Before, GaleNode[]? After)> allowed = keys.ToDictionary(k => k, k => (maps.View(k), done.View(k)));
        foreach (MapOperation operation in plan)
        {
            maps.Do(operation);
            foreach (GaleServiceKey key in keys)
            {
                GaleNode[]? view = maps.View(key);
                (Agrees(view, allowed[key].Before) || Agrees(view, allowed[key].After)).Should().BeTrue("after {0} {1} is neither old nor new", operation, key);
            }
        }
    }

    private static bool Agrees(GaleNode[]? view, GaleNode[]? table)
    {
        if (view is null || table is null) return view is null && table is null;
        if (view.Length != table.Length) return false;
        for (int i = 0; i < view.Length; i++)
        {
            // Marked as given up or not: the holder is the same, which is what a mixture would break.
            if (view[i].IsOtherThan(table[i]) && view[i] != default) return false;
        }

        return true;
    }

    private static ForwardingTable RandomTable(Random random, ulong index)
    {
        List<NodeRow> nodes = [];
        for (int i = 0; i < 5; i++)
        {
            if (random.Next(4) > 0) nodes.Add(Node(i, Addresses[random.Next(6)], (uint)random.Next(1, 3)));
        }

        List<RingRow> rings = [];
        for (uint id = 0; id < 2 && nodes.Count > 0; id++)
            rings.Add(Ring(id, [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => (int)nodes[random.Next(nodes.Count)].Index.Value)]));
        List<ServiceRow> services = [];
        for (int i = 0; i < 3; i++)
        {
            if (random.Next(4) > 0)
                services.Add(Service(i, null, (ushort)(80 + i), rings.Count > 0 && random.Next(5) > 0 ? (uint)random.Next(rings.Count) : null));
        }

        return Of(index, services, rings, nodes);
    }

    private ImmutableArray<MapOperation> Apply(ForwardingTable table)
    {
        ImmutableArray<MapOperation> plan = Planner.Plan(image, table, Binding, nowMs, GraceMs);
        foreach (MapOperation operation in plan) image.Record(operation, nowMs);
        return plan;
    }
}
