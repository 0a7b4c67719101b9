using GaleLb.State.Commands;
using GaleLb.State.Events;

namespace GaleLb.State.Tests.Rules;

public sealed class MemberOrderTests
{
    private static readonly RecordMemberOrder Removal = new("0000000000000011", "remove 10.98.2.1:9090");

    [Fact]
    public void Record_AnOrder_TellsWhoseItWasAndChangesNothingElse()
    {
        Cluster cluster = Cluster.Founded();
        cluster.Apply(new RaiseStateVersion(2)).IsOk.Should().BeTrue();
        ClusterState before = cluster.Wait(10).State;

        cluster.Apply(new CommandEnvelope(Removal) { Origin = "rest 10.98.2.9" }).IsOk.Should().BeTrue();

        cluster.State.Events[^1].Should().Be(new StateEvent(
            before.AppliedIndex.Next(), new LogTime(10), 1_700_000_000_010, EventKind.MemberOrdered, Removal.Member, "rest 10.98.2.9", Removal.Order));
        (cluster.State with { AppliedIndex = before.AppliedIndex, LogTime = before.LogTime, Events = before.Events }).Should().Be(before);
    }

    [Fact]
    public void Record_BeforeTheStateIsOfItsVersion_IsRefusedAndTellsNothing()
    {
        Cluster cluster = Cluster.Founded();
        int told = cluster.State.Events.Count;

        CommandAnswer answer = cluster.Apply(Removal);

        answer.Outcome.Should().Be(CommandOutcome.Conflict);
        answer.Message.Should().Contain("from state version 2 on");
        cluster.State.Events.Should().HaveCount(told);
    }

    [Fact]
    public void Record_MoreWordsThanAnEventHolds_IsRefused()
    {
        Cluster cluster = Cluster.Founded();
        cluster.Apply(new RaiseStateVersion(2));

        cluster.Apply(Removal with { Order = new string('x', NameRules.TextMax + 1) }).Outcome.Should().Be(CommandOutcome.Invalid);
    }

    [Fact]
    public void Apply_AVersionThatThisProgramCannotApply_ThrowsAndStaysWhereItIs()
    {
        Cluster cluster = Cluster.Founded();
        ClusterState before = cluster.State;

        Action raise = () => cluster.Apply(new RaiseStateVersion(ClusterState.StateVersionMax + 1));

        raise.Should().Throw<UnsupportedStateVersionException>().WithMessage("*Install a newer release.");
        cluster.State.Should().BeSameAs(before);
    }
}
