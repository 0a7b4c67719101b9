using System.Collections.Immutable;
using System.Net;
using GaleLb.Raft;
using GaleLb.State.Blocks;
using GaleLb.State.Commands;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;
using GaleLb.State.Services;
using GaleLb.State.Settings;

namespace GaleLb.State.Tests.Rules;

public sealed class OrderTests
{
    private static readonly ClientPrefix Noisy = new(IPAddress.Parse("192.0.2.0"), 24);

    public static TheoryData<string> NodeOrders => ["drain", "undrain", "weight", "remove", "ban", "unban"];

    [Theory]
    [MemberData(nameof(NodeOrders))]
    public void Judge_UnknownNode_IsNotFound(string order) =>
        Cluster.Founded().Apply(NodeOrder(order, "nobody")).Should().Match<CommandAnswer>(
            a => a.Outcome == CommandOutcome.NotFound && a.Message.Contains("nobody", StringComparison.Ordinal));

    [Theory]
    [InlineData("drain")]
    [InlineData("weight")]
    [InlineData("remove")]
    [InlineData("ban")]
    public void Judge_LastNodeOfAService_IsRefusedUnlessForced(string order)
    {
        Cluster cluster = Cluster.Founded(null, Cluster.Service("a", 1), Cluster.Service("b", 2)).WithRoutable(3);
        cluster.Route("only-b", "10.2.2.2", services: "b");
        cluster.Apply(new NodeServiceHealth("node-1", cluster.Seen("node-1"), ["b"]));
        cluster.Apply(new NodeServiceHealth("node-2", cluster.Seen("node-2"), ["b"]));
        cluster.Apply(new NodeServiceHealth("node-3", cluster.Seen("node-3"), ["b"]));
        ClusterState before = cluster.State;

        CommandAnswer refused = cluster.Apply(NodeOrder(order, "only-b"));

        refused.Should().Match<CommandAnswer>(a => a.Outcome == CommandOutcome.Conflict && a.Field == "force");
        refused.Message.Should().Contain("'b'");
        cluster.State.Nodes.Should().BeSameAs(before.Nodes);
        cluster.Apply(NodeOrder(order, "only-b", force: true)).IsOk.Should().BeTrue();
        cluster.Shares("b").Should().BeEmpty();
    }

    [Theory]
    [InlineData("drain")]
    [InlineData("weight")]
    [InlineData("remove")]
    [InlineData("ban")]
    public void Judge_BelowMinRoutable_IsRefusedUnlessForced(string order)
    {
        Cluster cluster = Cluster.Founded(new NodeHealthSettings { MinRoutable = 3 }).WithRoutable(3);

        cluster.Apply(NodeOrder(order, "node-1")).Message.Should().Contain("min_routable is 3");

        cluster.Apply(NodeOrder(order, "node-1", force: true)).IsOk.Should().BeTrue();
    }

    [Fact]
    public void SetWeight_Ordered_OverridesWhatTheNodeSaysUntilLifted()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(2);
        cluster.Apply(new SetNodeWeight("node-1", 300, Force: false)).IsOk.Should().BeTrue();
        cluster.Apply(new NodeRegister("node-1", cluster.Seen("node-1"), Cluster.At("10.0.0.2", weight: 1), Serving: true)).IsOk.Should().BeTrue();
        cluster.Shares("web")["node-1"].Should().BeCloseTo(ForwardingTable.RingSlots * 3 / 4, 2);

        cluster.Apply(new SetNodeWeight("node-1", null, Force: false)).IsOk.Should().BeTrue();

        cluster.Shares("web")["node-1"].Should().BeCloseTo(ForwardingTable.RingSlots / 101, 2);
    }

    [Fact]
    public void SetWeight_AboveTheMost_IsInvalid() =>
        Cluster.Founded().WithRoutable(2).Apply(new SetNodeWeight("node-1", 1001, Force: false)).Should().Match<CommandAnswer>(
            a => a.Outcome == CommandOutcome.Invalid && a.Field == "weight");

    [Fact]
    public void Ban_DurationOfZero_IsInvalid() =>
        Cluster.Founded().WithRoutable(2).Apply(new BanNode("node-1", 0, "", Force: false)).Should().Match<CommandAnswer>(
            a => a.Outcome == CommandOutcome.Invalid && a.Field == "duration");

    [Fact]
    public void IfMatch_ResourceChangedSince_IsRefusedAndSaysWhen()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(2);
        LogIndex seen = cluster.Seen("node-1");
        cluster.Apply(new SetNodeWeight("node-1", 5, Force: false));

        CommandAnswer answer = cluster.Apply(new CommandEnvelope(new DrainNode("node-1", Force: false)) { IfMatch = seen });

        answer.Outcome.Should().Be(CommandOutcome.PreconditionFailed);
        answer.Message.Should().Contain($"{cluster.Seen("node-1")}").And.Contain($"{seen}");
        cluster.Node("node-1").Draining.Should().BeFalse();
        cluster.Apply(new CommandEnvelope(new DrainNode("node-1", Force: false)) { IfMatch = cluster.Seen("node-1") }).IsOk.Should().BeTrue();
    }

    [Fact]
    public void IfMatch_OtherResourceChanged_Holds()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(2);
        LogIndex seen = cluster.Seen("node-1");
        cluster.Apply(new SetNodeWeight("node-2", 5, Force: false));

        cluster.Apply(new CommandEnvelope(new DrainNode("node-1", Force: false)) { IfMatch = seen }).IsOk.Should().BeTrue();
    }

    [Fact]
    public void IfMatch_WhatWasSeenHasGone_IsNotMadeAnew()
    {
        Cluster cluster = Cluster.Founded();

        foreach (Command order in (Command[])[new BanNode("gone", null, "", Force: false), new AddService(cluster.State.FindService("web")!.Definition with { Name = "gone" }), new BlockClients(Noisy, null, "")])
            cluster.Apply(new CommandEnvelope(order) { IfMatch = new LogIndex(3) }).Outcome.Should().Be(CommandOutcome.PreconditionFailed, "{0}", order.Kind);

        cluster.Apply(new CommandEnvelope(new DrainNode("gone", Force: false)) { IfMatch = new LogIndex(3) }).Outcome.Should().Be(CommandOutcome.NotFound);
    }

    [Fact]
    public void IfMatch_ServiceAndBlock_AreComparedToo()
    {
        Cluster cluster = Cluster.Founded();
        cluster.Apply(new BlockClients(Noisy, null, ""));

        foreach (Command order in (Command[])[new RemoveService("web"), new UnblockClients(Noisy), new UnstageSettings()])
            cluster.Apply(new CommandEnvelope(order) { IfMatch = new LogIndex(999) }).Outcome
                .Should().Be(CommandOutcome.PreconditionFailed, "{0}", order.Kind);
    }

    [Fact]
    public void IdempotencyKey_SameOrderAgain_GetsTheFirstAnswerAndChangesNothing()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(3);
        CommandEnvelope remove = new(new RemoveNode("node-1", Force: false)) { IdempotencyKey = "key-1" };
        CommandAnswer first = cluster.Apply(remove);
        cluster.Route("node-1", "10.0.0.2");

        CommandAnswer second = cluster.Apply(remove);

        second.Should().BeEquivalentTo(first);
        cluster.State.FindNode("node-1").Should().NotBeNull("the repetition must not remove the node that came after");
    }

    [Fact]
    public void IdempotencyKey_OtherOrder_IsInvalid()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(3);
        cluster.Apply(new CommandEnvelope(new DrainNode("node-1", Force: false)) { IdempotencyKey = "key-1" });

        CommandAnswer answer = cluster.Apply(new CommandEnvelope(new DrainNode("node-2", Force: false)) { IdempotencyKey = "key-1" });

        answer.Should().Match<CommandAnswer>(a => a.Outcome == CommandOutcome.Invalid && a.Field == "idempotency_key");
        cluster.Node("node-2").Draining.Should().BeFalse();
    }

    [Fact]
    public void IdempotencyKey_OrderWasRefused_IsJudgedAfresh()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(1);
        CommandEnvelope drain = new(new DrainNode("node-1", Force: false)) { IdempotencyKey = "key-1" };
        cluster.Apply(drain).IsOk.Should().BeFalse();
        cluster.Route("node-2", "10.3.3.3");

        cluster.Apply(drain).IsOk.Should().BeTrue();
    }

    [Fact]
    public void IdempotencyKey_TenThousandOrdersLater_IsForgotten()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(1);
        for (int i = 0; i <= ClusterState.AnswersMax; i++)
            cluster.Apply(new CommandEnvelope(new UndrainNode("node-1")) { IdempotencyKey = $"key-{i}" });

        UnbanNode other = new("node-1");
        cluster.Apply(new CommandEnvelope(other) { IdempotencyKey = "key-1" }).Outcome.Should().Be(CommandOutcome.Invalid, "it is the oldest kept");
        cluster.Apply(new CommandEnvelope(other) { IdempotencyKey = "key-0" }).Outcome.Should().Be(CommandOutcome.NotFound, "it is forgotten");
    }

    [Fact]
    public void Events_BeyondTheBound_DropTheOldest()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(1);
        for (int i = 0; i < ClusterState.EventsMax; i++)
            cluster.Apply(new SetNodeWeight("node-1", (ushort)(1 + (i % 2)), Force: false));

        cluster.State.Events.Should().HaveCount(ClusterState.EventsMax);
        cluster.State.Events[^1].Index.Should().Be(cluster.State.AppliedIndex);
    }

    [Fact]
    public void Batch_OneItemRefused_TheOthersHold()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(3);

        CommandAnswer answer = cluster.Apply(new Batch(
            [new DrainNode("node-1", Force: false), new DrainNode("nobody", Force: false), new DrainNode("node-2", Force: false)]));

        answer.Items.Select(i => i.Outcome).Should().Equal(CommandOutcome.Ok, CommandOutcome.NotFound, CommandOutcome.Ok);
        cluster.State.Tally.Draining.Should().Be(2);
    }

    [Fact]
    public void Bootstrap_Twice_IsRefused() =>
        Cluster.Founded().Apply(new Bootstrap(new ClusterId(2), 1, new ClusterSettings(new NodeHealthSettings(), []))).Outcome
            .Should().Be(CommandOutcome.Conflict);

    [Fact]
    public void Bootstrap_InvalidSettings_NamesTheKeyAndFoundsNothing()
    {
        Cluster cluster = new();

        CommandAnswer answer = cluster.Apply(new Bootstrap(new ClusterId(2), 1, new ClusterSettings(
            new NodeHealthSettings(), [Cluster.Web, Cluster.Service("other", Cluster.Web.Port)])));

        answer.Should().Match<CommandAnswer>(a => a.Outcome == CommandOutcome.Invalid && a.Field == "services.other.port");
        answer.Message.Should().Contain("service web is already at self:8080/tcp");
        cluster.State.IsFounded.Should().BeFalse();
    }

    [Fact]
    public void Apply_BeforeBootstrap_IsRefused() =>
        new Cluster().Apply(new UndrainNode("n")).Message.Should().Contain("not been founded");

    [Fact]
    public void AddService_Collision_NamesTheOther() =>
        Cluster.Founded().Apply(new AddService(Cluster.Service("other", 8080))).Should().Match<CommandAnswer>(
            a => a.Outcome == CommandOutcome.Conflict && a.Field == "port" && a.Message.Contains("'web'", StringComparison.Ordinal));

    [Theory]
    [InlineData(ForwardingMode.L3, 80, "addresses")]
    [InlineData(ForwardingMode.L2, 80, "addresses")]
    public void AddService_DirectReturnWithoutAddress_IsInvalid(ForwardingMode mode, ushort port, string field) =>
        Cluster.Founded().Apply(new AddService(Cluster.Service("dsr", port) with { Forwarding = mode })).Field.Should().Be(field);

    [Fact]
    public void AddService_DirectReturnToAnotherPort_IsInvalid() =>
        Cluster.Founded().Apply(new AddService(
            Cluster.Service("dsr", 80, "192.0.2.1") with { Forwarding = ForwardingMode.L3, TargetPort = 81 })).Field.Should().Be("target_port");

    [Fact]
    public void AddService_NodesAreThere_GetsTheirRing()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(2);

        cluster.Apply(new AddService(Cluster.Service("more", 99))).IsOk.Should().BeTrue();

        ForwardingTable table = cluster.Table();
        table.Services.Select(s => (s.Name, s.Id.Value)).Should().Equal(("web", 1), ("more", 2));
        table.Services[1].Ring.Should().Be(table.Services[0].Ring);
    }

    [Fact]
    public void ReplaceService_AddressStays_KeepsItsNumber()
    {
        Cluster cluster = Cluster.Founded(null, Cluster.Service("a", 1, "192.0.2.1", "192.0.2.2"), Cluster.Service("b", 2));

        cluster.Apply(new ReplaceService(Cluster.Service("a", 5, "192.0.2.3", "192.0.2.2"))).IsOk.Should().BeTrue();

        ImmutableArray<ServiceRow> rows = cluster.Table().Services;
        rows.Select(r => (r.Id.Value, $"{r.Address}", r.Port)).Should().Equal((1, "192.0.2.3", 5), (2, "192.0.2.2", 5), (3, "", 2));
    }

    [Fact]
    public void RemoveService_TheNextOne_GetsTheLowestNumber()
    {
        Cluster cluster = Cluster.Founded(null, Cluster.Service("a", 1), Cluster.Service("b", 2)).WithRoutable(1);
        cluster.Apply(new RemoveService("a")).IsOk.Should().BeTrue();

        cluster.Apply(new AddService(Cluster.Service("c", 3))).IsOk.Should().BeTrue();

        cluster.Table().Services.Select(r => (r.Name, r.Id.Value)).Should().Equal(("c", 1), ("b", 2));
        cluster.State.Rings.Values.Should().ContainSingle().Which.Services.Should().Be(2);
    }

    [Fact]
    public void AddService_MoreAddressesThanFit_IsRefused()
    {
        Cluster cluster = Cluster.Founded();
        for (int i = 0; i < 7; i++)
            cluster.Apply(new AddService(Cluster.Service($"s{i}", 80, [.. Enumerable.Range(1, 64).Select(a => $"192.0.{i}.{a}")]))).IsOk.Should().BeTrue();

        CommandAnswer answer = cluster.Apply(new AddService(Cluster.Service("last", 80, [.. Enumerable.Range(1, 64).Select(a => $"192.0.9.{a}")])));

        answer.Message.Should().Contain("at most 512").And.Contain("513");
    }

    [Theory]
    [InlineData("192.0.2.1", 24, "bits beyond")]
    [InlineData("192.0.2.0", 33, "at most 32")]
    [InlineData("::ffff:192.0.2.0", 128, "give it as IPv4")]
    public void Block_NoPrefix_IsInvalid(string address, byte length, string message) =>
        Cluster.Founded().Apply(new BlockClients(new ClientPrefix(IPAddress.Parse(address), length), null, "")).Should().Match<CommandAnswer>(
            a => a.Outcome == CommandOutcome.Invalid && a.Field == "prefix" && a.Message.Contains(message, StringComparison.Ordinal));

    [Fact]
    public void Block_ThenUnblock_ShowsInTheTable()
    {
        Cluster cluster = Cluster.Founded();
        cluster.Apply(new BlockClients(Noisy, null, "noise")).IsOk.Should().BeTrue();
        cluster.Table().Blocks.Should().Equal(Noisy);

        cluster.Apply(new UnblockClients(Noisy)).IsOk.Should().BeTrue();

        cluster.Table().Blocks.Should().BeEmpty();
        cluster.Apply(new UnblockClients(Noisy)).Outcome.Should().Be(CommandOutcome.NotFound);
    }

    [Fact]
    public void BlockExpired_BlockWasRenewed_IsVoid()
    {
        Cluster cluster = Cluster.Founded();
        LogIndex first = cluster.Apply(new BlockClients(Noisy, 1_000, "")).Index;
        cluster.Apply(new BlockClients(Noisy, 5_000, ""));
        cluster.Wait(2_000);

        cluster.Apply(new BlockExpired(Noisy, first)).Outcome.Should().Be(CommandOutcome.PreconditionFailed);
        cluster.State.Blocks.Should().ContainKey(Noisy);
    }

    [Fact]
    public void Register_TableIsFull_IsRefusedAndAFreedIndexServesTheNext()
    {
        Cluster cluster = Cluster.Founded();
        for (int start = 1; start < ForwardingTable.NodesMax; start += 4000)
        {
            cluster.Apply(new Batch([.. Enumerable.Range(start, Math.Min(4000, ForwardingTable.NodesMax - start))
                .Select(i => (Command)new NodeRegister($"n{i}", LogIndex.Zero, Cluster.At($"10.{i >> 8}.{i & 255}.1"), Serving: true))]));
        }

        cluster.State.Nodes.Should().HaveCount(ForwardingTable.NodesMax - 1);
        NodeRegister late = new("late", LogIndex.Zero, Cluster.At("192.0.2.1"), Serving: true);
        cluster.Apply(late).Message.Should().Contain("16383 nodes are registered");
        NodePlace freed = cluster.Node("n77").Place!;
        cluster.Apply(new RemoveNode("n77", Force: false));
        cluster.Apply(late).IsOk.Should().BeFalse("the place is retired and not yet free");
        cluster.Wait(30_000);
        cluster.Apply(new PlaceReleased(freed.Index, freed.Generation)).IsOk.Should().BeTrue();

        cluster.Apply(late).IsOk.Should().BeTrue();

        cluster.Node("late").Place!.Index.Should().Be(freed.Index);
        cluster.Node("late").Place!.Generation.Value.Should().BeGreaterThan(freed.Generation.Value);
    }

    private static Command NodeOrder(string order, string node, bool force = false) => order switch
    {
        "drain" => new DrainNode(node, force),
        "undrain" => new UndrainNode(node),
        "weight" => new SetNodeWeight(node, 0, force),
        "remove" => new RemoveNode(node, force),
        "ban" => new BanNode(node, null, "test", force),
        _ => new UnbanNode(node),
    };
}
