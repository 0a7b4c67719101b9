using GaleLb.State.Commands;
using GaleLb.State.Health;
using GaleLb.State.Nodes;

namespace GaleLb.State.Tests.Health;

/// <summary>A node is free to speak to any replica: what several of them heard of it comes to the judge late, twice and out of order.</summary>
public sealed class ManyReplicasTests
{
    private static readonly TimeSpan Batch = TimeSpan.FromMilliseconds(50);

    [Fact]
    public void Observe_NewNodeThroughAllReplicasAtOnce_RegistersOnceAndCountsOnePassAnInterval()
    {
        Ward ward = new();
        Patient node = ward.Admit("n1", "10.0.0.1");
        node.Silent = true;

        for (int beat = 0; beat < 2; beat++)
        {
            foreach (TimeSpan age in new[] { 2 * Batch, Batch, TimeSpan.Zero })
                ward.Judge.Observe(node.Heartbeat(age), ward.Now);
            ward.Run(1);
        }

        ward.ProposedFor("n1").Should().ContainSingle().Which.Should().BeOfType<NodeRegister>();
        ward.Judge.Passes("n1").Should().Be(2, "six times it was heard, in two intervals");
    }

    [Fact]
    public void Observe_TwoNewProcessesOfOneNameAtOnce_OneRegistersAndTheOtherIsTold()
    {
        Ward ward = new();
        ward.Admit("n1", "10.0.0.1");
        ward.Admit("n1#twin", "10.0.0.2", instance: 2);

        ward.Run(10);

        ward.ProposedFor("n1").OfType<NodeRegister>().Should().ContainSingle();
        ward.Record("n1").Should().Match<NodeRecord>(n => n.Instance == 1 && n.Phase == NodePhase.Routable);
        ward.Answer("n1#twin").State.Should().Be(AnsweredState.Refused);
        ward.Answer("n1#twin").Reason.Should().Contain("10.0.0.1");
    }

    [Fact]
    public void Observe_ReplicaChangedWhileProbing_KeepsThePassesMade()
    {
        Ward ward = new();
        Patient node = ward.Admit("n1", "10.0.0.1");
        node.Silent = true;
        ward.Judge.Observe(node.Heartbeat(), ward.Now);
        ward.Run(1);
        ward.Judge.Observe(node.Heartbeat(), ward.Now);
        ward.Run(1);
        ward.Record("n1").Phase.Should().Be(NodePhase.Probing);

        // Its third heartbeat goes to a follower, which hands it over with its next batch.
        ward.Judge.Observe(node.Heartbeat(Batch), ward.Now + Batch);
        ward.Run(0.2);

        ward.Record("n1").Phase.Should().Be(NodePhase.Routable);
    }

    [Fact]
    public void Observe_BatchOfTheFormerReplicaComesLate_TakesNothingBack()
    {
        Ward ward = new Ward().AdmitRoutable(2);
        Patient node = ward["n1"];
        HeartbeatObservation before = node.Heartbeat(TimeSpan.FromSeconds(1.5)) with { Status = ServingStatus.NotServing, Weight = 1 };
        node.NextAt = ward.Now;
        ward.Run(0.1);
        ward.Proposed.Clear();

        ward.Judge.Observe(before, ward.Now);
        ward.Run(2);

        ward.Proposed.Should().BeEmpty("what it said before it changed replicas is older than what it says now");
        ward.Judge.SinceHeard("n1", ward.Now).Should().BeLessThanOrEqualTo(TimeSpan.FromSeconds(1.1));
    }

    [Fact]
    public void Decide_PortChange_IsProbedAtTheSamePlace()
    {
        Ward ward = new Ward().AdmitRoutable(3);
        NodePlace before = ward.Record("n2").Place!;
        ward["n2"].Port = 8081;

        ward.Run(1.1);
        ward.Record("n2").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Probing && n.Port == 8081 && n.Fails == 0);
        ward.Run(3);

        ward.Record("n2").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Routable && n.Place == before);
    }

    [Fact]
    public void Decide_AddressChangeWhileProbing_ProbesTheNewPlaceFromTheStart()
    {
        Ward ward = new();
        Patient node = ward.Admit("n1", "10.0.0.1");
        ward.Run(1.9);
        node.Address = System.Net.IPAddress.Parse("10.0.0.77");

        ward.Run(1.9);
        ward.Record("n1").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Probing && n.Place!.Address.ToString() == "10.0.0.77" && n.Fails == 0);

        ward.Until(() => ward.Record("n1").Phase == NodePhase.Routable, atMost: 1.3);
    }

    [Fact]
    public void Decide_ServiceFlapsWithEachHeartbeat_NeverRoutesAndIsBlacklistedAtTheLimit()
    {
        Ward ward = new();
        Patient node = ward.Admit("n1", "10.0.0.1");
        bool routed = false;

        for (int beat = 0; beat < 12 && ward.State.Blacklist.Count == 0; beat++)
        {
            node.Status = beat % 2 == 0 ? ServingStatus.Serving : ServingStatus.NotServing;
            ward.Run(1);
            routed |= ward.Record("n1").Phase == NodePhase.Routable;
        }

        routed.Should().BeFalse("it never passed three times in a row");
        ward.Record("n1").Phase.Should().Be(NodePhase.Blacklisted);
        ward.State.Events.Count(e => e.Kind == Events.EventKind.NodeDown).Should().Be(4, "the fifth fail is the blacklisting");
    }

    [Fact]
    public void Decide_SilencesShorterThanTheTimeout_ChangeNothing()
    {
        Ward ward = new Ward().AdmitRoutable(3);
        ward.Proposed.Clear();

        for (int i = 0; i < 10; i++)
        {
            ward["n2"].NextAt = ward.Now;
            ward.Run(0.1);
            ward["n2"].NextAt = ward.Now + TimeSpan.FromSeconds(4.8);
            ward.Run(4.8);
        }

        ward.Proposed.Should().BeEmpty();
        ward.Record("n2").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Routable && n.Fails == 0);
    }
}
