using System.Collections.Immutable;
using System.Net;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Planning;
using GaleLb.DataPlane.Tests.Support;
using GaleLb.State.Blocks;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Tests.Planning;

public sealed class BlockPlanTests
{
    private static readonly LocalBinding Binding = new([IPAddress.Parse("192.0.2.1")]);

    private readonly MapImage image = new();

    [Fact]
    public void Plan_FirstBlock_IsWrittenBeforeTheProgramsAreToldToLook() =>
        Apply("203.0.113.0/24").Should().Equal("block 203.0.113.0/120", "enforce");

    [Fact]
    public void Plan_SixthVersionBlock_KeepsItsLength() => Apply("2001:db8::/32").Should().Equal("block 2001:db8::/32", "enforce");

    [Fact]
    public void Plan_SameBlocksAgain_DoesNothing()
    {
        Apply("203.0.113.0/24", "198.51.100.7/32");
        Apply("198.51.100.7/32", "203.0.113.0/24").Should().BeEmpty();
    }

    [Fact]
    public void Plan_LastBlockGone_StopsLookingAndRemovesIt()
    {
        Apply("203.0.113.0/24");
        Apply().Should().Equal("ignore", "unblock 203.0.113.0/120");
        Apply().Should().BeEmpty();
    }

    [Fact]
    public void Plan_RangeSplit_BlocksTheHalvesBeforeItLetsGoOfTheWhole()
    {
        Apply("203.0.113.0/24");
        Apply("203.0.113.0/25", "203.0.113.128/25").Should().Equal(
            "block 203.0.113.0/121", "block 203.0.113.128/121", "unblock 203.0.113.0/120");
    }

    [Fact]
    public void Plan_BlocksWithAService_ComeBeforeIt()
    {
        ImmutableArray<MapOperation> plan = Plan(Tables.TwoNodes() with { Blocks = [Prefix("203.0.113.0/24")] });
        plan[0].Should().BeOfType<WriteBlock>();
        plan[1].Should().Be(new EnforceBlocks(true));
        plan[^1].Should().BeOfType<WriteService>();
    }

    [Fact]
    public void Plan_OldAndNewBlocksThatDoNotFitTogether_MakesRoomFirst()
    {
        Plan(Tables.Of(1, [], [], []) with { Blocks = Many(first: 0, GaleLimit.BlocksMax) });

        ImmutableArray<MapOperation> plan = Plan(Tables.Of(2, [], [], []) with { Blocks = Many(first: 2, GaleLimit.BlocksMax) });

        plan.Select(o => o.GetType().Name).Should().Equal(
            nameof(RemoveBlock), nameof(RemoveBlock), nameof(WriteBlock), nameof(WriteBlock));
    }

    [Fact]
    public void Plan_BlocksThatComeAndGo_AreEachCountedAtAPlaceOfTheirOwn()
    {
        Apply("203.0.113.0/24", "198.51.100.0/24", "2001:db8::/32");
        Apply("203.0.113.0/24", "2001:db8::/32");
        Apply("192.0.2.0/24", "203.0.113.0/24", "2001:db8::/32", "198.18.0.0/15");

        image.Blocks.Values.Should().OnlyHaveUniqueItems().And.HaveCount(4);
        image.Blocks.Values.Should().OnlyContain(place => place.Value < 4, "a place that was left is taken again");
    }

    [Fact]
    public void Plan_BlocksThatDoNotFitTogether_StayWithinThePlacesThereAre()
    {
        Plan(Tables.Of(1, [], [], []) with { Blocks = Many(first: 0, GaleLimit.BlocksMax) });
        Plan(Tables.Of(2, [], [], []) with { Blocks = Many(first: 2, GaleLimit.BlocksMax) });

        image.Blocks.Values.Should().OnlyHaveUniqueItems().And.OnlyContain(place => place.Value < GaleLimit.BlocksMax);
    }

    [Fact]
    public void Plan_MoreBlocksThanTheMapHolds_IsRefused()
    {
        Action plan = () => Plan(Tables.Of(1, [], [], []) with { Blocks = Many(first: 0, GaleLimit.BlocksMax + 1) });
        plan.Should().Throw<PlanException>().WithMessage("65537 blocked client ranges, the map holds 65536");
    }

    private static ImmutableArray<ClientPrefix> Many(int first, int count) =>
        [.. Enumerable.Range(first, count).Select(i => new ClientPrefix(new IPAddress([10, (byte)(i >> 16), (byte)(i >> 8), (byte)i]), 32))];

    private static ClientPrefix Prefix(string text)
    {
        IPNetwork network = IPNetwork.Parse(text);
        return new ClientPrefix(network.BaseAddress, (byte)network.PrefixLength);
    }

    private IEnumerable<string> Apply(params string[] blocks) => Plan(Tables.Of(1, [], [], []) with { Blocks = [.. blocks.Select(Prefix)] })
        .Select(operation => operation switch
        {
            WriteBlock block => $"block {block.Key.Address}/{block.Key.PrefixLength}",
            RemoveBlock block => $"unblock {block.Key.Address}/{block.Key.PrefixLength}",
            EnforceBlocks { On: true } => "enforce",
            EnforceBlocks => "ignore",
            _ => operation.ToString(),
        });

    private ImmutableArray<MapOperation> Plan(ForwardingTable table)
    {
        ImmutableArray<MapOperation> plan = Planner.Plan(image, table, Binding, nowMs: 0, graceMs: 1000);
        foreach (MapOperation operation in plan) image.Record(operation, nowMs: 0);
        return plan;
    }
}
