using GaleLb.State.Commands;
using GaleLb.State.Health;
using GaleLb.State.Nodes;
using GaleLb.State.Settings;

namespace GaleLb.State.Tests.Health;

/// <summary>Who may speak for a name and for an address.</summary>
public sealed class HealthJudgeClaimsTests
{
    [Fact]
    public void Decide_AddressOfALivingNode_IsRefusedAndBothAreTold()
    {
        Ward ward = new Ward().AdmitRoutable(2);
        ward.Admit("thief", "10.0.0.1");

        ward.Run(3);

        ward.State.FindNode("thief").Should().BeNull();
        ward.Answer("thief").State.Should().Be(AnsweredState.Refused);
        ward.Answer("thief").Reason.Should().Contain("10.0.0.1").And.Contain("'n1'");
        ward.Answer("n1").State.Should().Be(AnsweredState.Routable);
        ward.Answer("n1").Reason.Should().Contain("'thief'");
    }

    [Fact]
    public void Decide_AddressOfASilentNode_GoesToTheNewcomerUnderAHigherGeneration()
    {
        Ward ward = new Ward().AdmitRoutable(3);
        NodePlace before = ward.Record("n1").Place!;
        ward["n1"].Silent = true;
        ward.Admit("heir", "10.0.0.1");

        ward.Until(() => ward.State.FindNode("heir") is not null, atMost: 7);
        ward.Run(4);

        ward.Record("heir").Phase.Should().Be(NodePhase.Routable);
        ward.Record("heir").Place!.Generation.Value.Should().BeGreaterThan(before.Generation.Value);
        ward.Record("n1").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Down && n.Place == null);
        ward["n1"].Silent = false;
        ward.Run(3);
        ward.Answer("n1").State.Should().Be(AnsweredState.Refused);
        ward.Answer("n1").Reason.Should().Contain("'heir'");
    }

    [Fact]
    public void Decide_RestartedProcess_KeepsItsPlaceInTheRing()
    {
        Ward ward = new Ward().AdmitRoutable(2);
        NodePlace place = ward.Record("n1").Place!;
        ward["n1"].Silent = true;
        ward.Run(1);
        ward.Admit("n1#again", "10.0.0.1", instance: 2);

        ward.Run(10);

        ward.Record("n1").Should().Match<NodeRecord>(n => n.Instance == 2 && n.Phase == NodePhase.Routable && n.Place == place);
        ward.ProposedFor("n1").OfType<NodeDown>().Should().BeEmpty();
        ward.Answer("n1#again").State.Should().Be(AnsweredState.Routable);
    }

    [Fact]
    public void Decide_LeavesAndRestartsAtOnce_IsProbedAgain()
    {
        Ward ward = new Ward().AdmitRoutable(2);
        ward.Judge.Observe(ward["n1"].Heartbeat() with { Status = ServingStatus.Leaving }, ward.Now);
        ward["n1"].Silent = true;
        ward.Admit("n1#again", "10.0.0.1", instance: 2);

        ward.Run(0.3);
        ward.Record("n1").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Probing && n.Instance == 2 && n.Fails == 0);
        ward.Run(3);

        ward.Record("n1").Phase.Should().Be(NodePhase.Routable);
    }

    [Fact]
    public void Answer_BlacklistedNodeRestarts_IsToldThatItIsBlacklisted()
    {
        Ward ward = new Ward().AdmitRoutable(2);
        ward.Apply(new BanNode("n1", 30_000, "noisy", Force: false));
        ward["n1"].Silent = true;
        ward.Run(2);
        ward.Admit("n1#again", "10.0.0.1", instance: 2);

        ward.Run(2);
        ward.Answer("n1#again").Should().Match<HeartbeatAnswer>(a => a.State == AnsweredState.Blacklisted && a.Reason == "noisy");
        ward.Run(30);

        ward.Record("n1").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Routable && n.Instance == 2);
    }

    [Fact]
    public void Decide_TwoProcessesOfOneName_TheFirstKeepsItAndNothingIsLogged()
    {
        Ward ward = new Ward().AdmitRoutable(2);
        ward.Proposed.Clear();
        ward.Admit("n1#twin", "10.0.0.1", instance: 2);
        ward.Admit("n2#twin", "10.0.0.99", instance: 7);

        ward.Run(60);

        ward.Proposed.Should().BeEmpty();
        ward.Record("n1").Instance.Should().Be(1);
        ward.Answer("n1#twin").State.Should().Be(AnsweredState.Refused);
        ward.Answer("n2#twin").Reason.Should().Contain("'n2'").And.Contain("10.0.0.2");
        ward.Answer("n1").Reason.Should().Contain("another process");
    }

    [Fact]
    public void Decide_NameOfASilentNode_GoesToItsRival()
    {
        Ward ward = new Ward().AdmitRoutable(3);
        ward.Admit("n2#new", "10.0.0.99", instance: 7);
        ward.Run(2);
        ward["n2"].Silent = true;

        ward.Until(() => ward.Record("n2").Instance == 7, atMost: 7);
        ward.Run(4);

        ward.Record("n2").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Routable && n.Place!.Address.ToString() == "10.0.0.99");
    }

    [Fact]
    public void Decide_AddressChange_RetiresThePlaceAndProbesTheNewOne()
    {
        Ward ward = new Ward().AdmitRoutable(3);
        NodePlace before = ward.Record("n2").Place!;
        ward["n2"].Address = System.Net.IPAddress.Parse("10.0.0.77");

        ward.Run(1.1);
        ward.Record("n2").Phase.Should().Be(NodePhase.Probing);
        ward.State.Retired.Values.Should().ContainSingle().Which.Place.Should().Be(before);
        ward.Run(3);

        ward.Record("n2").Phase.Should().Be(NodePhase.Routable);
        ward.Record("n2").Place!.Index.Should().NotBe(before.Index);
    }

    [Fact]
    public void Decide_RemovedNodeThatStillSpeaks_RegistersAnew()
    {
        Ward ward = new Ward().AdmitRoutable(2);
        uint before = ward.Record("n1").Place!.Generation.Value;
        ward.Apply(new RemoveNode("n1", Force: false)).IsOk.Should().BeTrue();

        ward.Run(1.1);

        ward.Record("n1").Phase.Should().Be(NodePhase.Probing);
        ward.Record("n1").Place!.Generation.Value.Should().BeGreaterThan(before);
    }

    [Theory]
    [InlineData("", "10.0.0.1", "1 to 253")]
    [InlineData("bad name", "10.0.0.1", "another character at 3")]
    [InlineData("n1", "0.0.0.0", "not the address of one host")]
    [InlineData("n1", "224.0.0.1", "not the address of one host")]
    [InlineData("n1", "::ffff:10.0.0.1", "give it as IPv4")]
    public void Answer_UnacceptableHeartbeat_IsRefusedInWords(string name, string address, string reason)
    {
        Ward ward = new();
        ward.Admit(name, address);

        ward.Run(1);

        ward.State.Nodes.Should().BeEmpty();
        ward.Answer(name).State.Should().Be(AnsweredState.Refused);
        ward.Answer(name).Reason.Should().Contain(reason);
    }
}
