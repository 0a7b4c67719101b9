using GaleLb.State.Commands;
using GaleLb.State.Forwarding;
using GaleLb.State.Preview;

namespace GaleLb.State.Tests.Preview;

public sealed class OrderPreviewTests
{
    [Fact]
    public void Of_DrainOfOneOfFour_MovesAQuarterAndLittleMoreAndChangesNothing()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(4);
        ClusterState before = cluster.State;

        OrderPreview preview = OrderPreview.Of(cluster.State, new CommandEnvelope(new DrainNode("node-2", Force: false)));

        preview.Answer.IsOk.Should().BeTrue();
        ServiceImpact web = preview.Impacts.Should().ContainSingle().Subject;
        web.Moved.Should().BeInRange(ForwardingTable.RingSlots / 4, ForwardingTable.RingSlots * 2 / 5);
        web.Moves.Where(m => m.From == "node-2").Sum(m => m.Slots).Should().BeCloseTo(ForwardingTable.RingSlots / 4, 1);
        web.Moves.Should().NotContain(m => m.To == "node-2").And.BeInDescendingOrder(m => m.Slots);
        web.ToString().Should().MatchRegex(@"^\d\d\.\d % of slots of service web move: \d+ from node-2 to node-\d");
        cluster.State.Should().BeSameAs(before);
    }

    [Fact]
    public void Of_Order_SaysWhatThenHappens()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(3);
        SetNodeWeight order = new("node-1", 10, Force: false);
        Dictionary<string, int> expected = cluster.Shares("web").ToDictionary(s => s.Key, s => s.Value);

        foreach (SlotMove move in OrderPreview.Of(cluster.State, new CommandEnvelope(order)).Impacts.Single().Moves)
        {
            expected[move.From!] -= move.Slots;
            expected[move.To!] += move.Slots;
        }

        cluster.Apply(order);
        cluster.Shares("web").Should().Equal(expected);
    }

    [Fact]
    public void Of_LastNodeForced_LeavesTheSlotsToNoNode()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(1);

        OrderPreview preview = OrderPreview.Of(cluster.State, new CommandEnvelope(new DrainNode("node-1", Force: true)));

        preview.Impacts.Single().Moves.Should().Equal(new SlotMove("node-1", null, ForwardingTable.RingSlots));
        preview.Impacts.Single().ToString().Should().Be("100.0 % of slots of service web move: 65537 from node-1 to no node");
    }

    [Fact]
    public void Of_OrderThatAGuardRefuses_SaysSoAndMovesNothing()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(1);

        OrderPreview preview = OrderPreview.Of(cluster.State, new CommandEnvelope(new RemoveNode("node-1", Force: false)));

        preview.Answer.Outcome.Should().Be(CommandOutcome.Conflict);
        preview.Impacts.Should().BeEmpty();
    }
}
