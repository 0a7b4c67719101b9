using GaleLb.State.Commands;
using GaleLb.State.Forwarding;
using GaleLb.State.Health;
using GaleLb.State.Nodes;
using GaleLb.State.Settings;

namespace GaleLb.State.Tests.Health;

/// <summary>What a new leader makes of what the former one left undecided.</summary>
public sealed class NewLeaderTests
{
    private static readonly NodeHealthSettings Quick = new() { BlackListAfterFails = 2, BlackListExpiryMs = 20_000 };

    [Fact]
    public void BecomeLeader_DuringProbing_RestartsPasses()
    {
        Ward ward = new();
        ward.Admit("n1", "10.0.0.1");
        ward.Run(1.9);
        ward.ChangeLeader();

        ward.Run(1.9);

        ward.Record("n1").Phase.Should().Be(NodePhase.Probing, "the two passes of the old leader are forgotten");
        ward.Run(1.2);
        ward.Record("n1").Phase.Should().Be(NodePhase.Routable);
    }

    [Fact]
    public void BecomeLeader_AfterALongPause_GrantsEveryNodeAFullTimeout()
    {
        Ward ward = new Ward().AdmitRoutable(3);
        ward.ChangeLeader(without: TimeSpan.FromMinutes(10));
        ward["n2"].Silent = true;
        ward["n1"].NextAt = ward.Now + TimeSpan.FromSeconds(4.5);

        ward.Run(4.9);

        ward.State.Tally.Routable.Should().Be(3, "nobody is judged by what the old leader heard");
        ward.Run(0.5);
        ward.Record("n2").Phase.Should().Be(NodePhase.Down);
        ward.Record("n1").Phase.Should().Be(NodePhase.Routable);
    }

    [Theory]
    [InlineData(true, 2.1)]
    [InlineData(false, 5.1)]
    public void ConsiderAges_WhenAllAnswered_ShortensTheGrace(bool complete, double seconds)
    {
        Ward ward = new Ward().AdmitRoutable(3);
        ward["n2"].Silent = true;
        ward.ChangeLeader();
        ward.Judge.ConsiderAges([new("n2", 1, TimeSpan.FromSeconds(9)), new("n2", 1, TimeSpan.FromSeconds(3))], complete, ward.Now);

        ward.Until(() => ward.Record("n2").Phase == NodePhase.Down, atMost: seconds + 0.2)
            .Should().BeGreaterThan(TimeSpan.FromSeconds(seconds - 0.3));
    }

    [Fact]
    public void BecomeLeader_DuringABlacklisting_EndsItByLogTime()
    {
        Ward ward = new Ward(Quick).AdmitRoutable(3);
        ward.Apply(new BanNode("n2", 10_000, "test", Force: false));
        ward.Run(5);

        // Log time stood still while nobody led.
        ward.ChangeLeader(without: TimeSpan.FromMinutes(5));
        ward.Run(4.5);
        ward.Record("n2").Phase.Should().Be(NodePhase.Blacklisted);

        ward.Until(() => ward.Record("n2").Phase != NodePhase.Blacklisted, atMost: 5.6);
    }

    [Fact]
    public void BecomeLeader_ExpiryIsProposedByBothLeaders_TakesEffectOnce()
    {
        Ward ward = new Ward(Quick).AdmitRoutable(3);
        ward.Apply(new BanNode("n2", 5_000, "test", Force: false));
        ward.Losing = c => c is BlacklistExpired;
        ward.Until(() => ward.Proposed.OfType<BlacklistExpired>().Any(), atMost: 5.2);
        BlacklistExpired first = ward.Proposed.OfType<BlacklistExpired>().Single();
        ward.Losing = _ => false;

        ward.ChangeLeader();
        // The new leader does not know that it was proposed, and goes by the log time of the last entry.
        ward.Until(() => ward.Record("n2").Phase == NodePhase.Probing, atMost: 5.2);
        ward.Apply(new BanNode("n2", 60_000, "again", Force: false));
        ward.Apply(first).IsOk.Should().BeFalse("it was about the ban before");

        ward.Record("n2").Phase.Should().Be(NodePhase.Blacklisted);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void BecomeLeader_AfterARestartOfAllReplicas_KeepsTheStateAndEjectsNobody(bool othersAnswer)
    {
        Ward ward = new Ward(Quick).AdmitRoutable(20);
        ward.Apply(new BanNode("n3", 60_000, "test", Force: false));
        ward["n4"].Status = ServingStatus.NotServing;
        ward.Run(1.1);
        ward["n4"].Status = ServingStatus.Serving;
        ward.Run(4);
        string table = ForwardingTableBuilder.Derive(ward.State).Digest;
        ward.Proposed.Clear();

        ward.RestartAll(without: TimeSpan.FromMinutes(3));
        // The others have forgotten as well: they answer, and know of no node.
        ward.Judge.ConsiderAges([], complete: othersAnswer, ward.Now);
        for (int i = 1; i <= 20; i++)
            ward[$"n{i}"].NextAt = ward.Now + TimeSpan.FromSeconds(0.24 * i);
        ward.Run(8);

        ward.Proposed.Should().BeEmpty("every node was heard again within checks_timeout");
        ForwardingTableBuilder.Derive(ward.State).Digest.Should().Be(table);
        ward.Record("n4").Fails.Should().Be(1);
        ward.Answer("n3").BlacklistedMsLeft.Should().BeInRange(46_000, 48_000, "log time stood still meanwhile");
    }
}
