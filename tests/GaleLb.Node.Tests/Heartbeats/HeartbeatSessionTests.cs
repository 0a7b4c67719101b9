using GaleLb.Node.Heartbeats;
using GaleLb.Rpc.V1;

namespace GaleLb.Node.Tests.Heartbeats;

public sealed class HeartbeatSessionTests
{
    private static readonly ServiceReport Failing = new(ServingStatus.NotServing, [], "port closed");

    [Fact]
    public void Open_SendsTheFirstHeartbeatAtOnce()
    {
        HeartbeatSession session = Session();

        SessionStep step = session.Open(At(0));

        step.Send.Should().Be(new Beat(1, ServingStatus.Serving, ServiceReport.Serving));
        session.Due.Should().Be(At(1));
    }

    [Fact]
    public void Tick_BeforeTheInterval_DoesNothing()
    {
        HeartbeatSession session = Opened();

        session.Tick(At(0.999)).Should().Be(default(SessionStep));
    }

    [Fact]
    public void Tick_EachInterval_SendsWithRisingSequence()
    {
        HeartbeatSession session = Opened();
        List<ulong?> sequences = [];
        for (int second = 1; second <= 3; second++)
        {
            session.Answer(Response(session, (ulong)second));
            sequences.Add(session.Tick(At(second)).Send?.Sequence);
        }

        sequences.Should().Equal(2, 3, 4);
    }

    [Fact]
    public void Tick_OneAnswerMissing_GoesOn()
    {
        HeartbeatSession session = Opened();

        SessionStep step = session.Tick(At(1));

        step.End.Should().Be(SessionEnd.None);
        step.Send!.Value.Sequence.Should().Be(2);
    }

    [Fact]
    public void Tick_TwoAnswersMissing_GivesTheReplicaUp()
    {
        HeartbeatSession session = Opened();
        session.Tick(At(1));

        session.Due.Should().Be(At(2));
        session.Tick(At(2)).Should().Be(new SessionStep(End: SessionEnd.Silent));
    }

    [Fact]
    public void Tick_ManyHeartbeatsWithinTheInterval_AreNotMissedAnswers()
    {
        HeartbeatSession session = Opened();
        session.Report(Failing, At(0.1));
        session.Report(ServiceReport.Serving, At(0.2));
        session.Report(Failing, At(0.3));

        session.Tick(At(1.3)).End.Should().Be(SessionEnd.None);
        session.Tick(At(2)).End.Should().Be(SessionEnd.Silent, "the first of them is now two intervals old");
    }

    [Fact]
    public void Answer_ToALaterHeartbeat_CoversTheEarlierOnes()
    {
        HeartbeatSession session = Opened();
        session.Tick(At(1));
        session.Answer(Response(session, 2));

        session.Tick(At(2)).End.Should().Be(SessionEnd.None);
    }

    [Fact]
    public void Answer_ToAHeartbeatNeverSent_CountsForNothing()
    {
        HeartbeatSession session = Opened();
        session.Tick(At(1));
        session.Answer(Response(session, 77));

        session.Answers.Should().Be(0);
        session.Tick(At(2)).End.Should().Be(SessionEnd.Silent);
    }

    [Fact]
    public void Answer_WithAShorterInterval_CountsFromTheLastHeartbeat()
    {
        HeartbeatSession session = Opened();

        session.Answer(new HeartbeatResponse { Sequence = 1, HeartbeatIntervalMs = 200 });

        session.Interval.Should().Be(TimeSpan.FromMilliseconds(200));
        session.Due.Should().Be(At(0.2));
    }

    [Theory]
    [InlineData(0u, 1000)]
    [InlineData(1u, 20)]
    [InlineData(uint.MaxValue, 60_000)]
    [InlineData(250u, 250)]
    public void IntervalOf_AnyNumber_IsWithinReason(uint sent, int milliseconds) =>
        HeartbeatSession.IntervalOf(sent).Should().Be(TimeSpan.FromMilliseconds(milliseconds));

    [Fact]
    public void Report_Change_IsSentAtOnce()
    {
        HeartbeatSession session = Opened();

        session.Report(Failing, At(0.3)).Send.Should().Be(new Beat(2, ServingStatus.NotServing, Failing));
        session.Due.Should().Be(At(1.3));
    }

    [Fact]
    public void Report_OtherWordsForTheSame_WaitForTheNextHeartbeat()
    {
        HeartbeatSession session = Opened(Failing);
        ServiceReport other = Failing with { Detail = "no route" };

        session.Report(other, At(0.3)).Send.Should().BeNull();
        session.Answer(Response(session, 1));
        session.Tick(At(1)).Send!.Value.Report.Should().Be(other);
    }

    [Fact]
    public void Report_OneServiceOfTwoFails_IsSentAtOnce()
    {
        HeartbeatSession session = Opened();
        ServiceReport partly = new(ServingStatus.Serving, ["web"], "port closed");

        session.Report(partly, At(0.3)).Send.Should().Be(new Beat(2, ServingStatus.Serving, partly));
    }

    [Fact]
    public void Leave_IsSentAtOnceAndEndsWithItsAnswer()
    {
        HeartbeatSession session = Opened();

        session.Leave(At(0.4)).Send!.Value.Status.Should().Be(ServingStatus.Leaving);
        session.Answer(Response(session, 1)).End.Should().Be(SessionEnd.None, "that answers the heartbeat before");
        session.Answer(Response(session, 2)).End.Should().Be(SessionEnd.Left);
    }

    [Fact]
    public void Leave_Twice_IsSentOnce()
    {
        HeartbeatSession session = Opened();
        session.Leave(At(0.4));

        session.Leave(At(0.5)).Should().Be(default(SessionStep));
    }

    [Fact]
    public void Leave_ThenTheCheckChanges_StaysLeaving()
    {
        HeartbeatSession session = Opened();
        session.Leave(At(0.4));

        session.Report(Failing, At(0.5)).Send.Should().BeNull();
        session.Tick(At(1.4)).Send!.Value.Status.Should().Be(ServingStatus.Leaving);
    }

    [Fact]
    public void Open_WhileLeaving_SaysSoFirst()
    {
        HeartbeatSession session = new(TimeSpan.FromSeconds(1), ServiceReport.Serving, isLeaving: true);

        session.Open(At(0)).Send!.Value.Status.Should().Be(ServingStatus.Leaving);
        session.Answer(Response(session, 1)).End.Should().Be(SessionEnd.Left);
    }

    private static HeartbeatSession Session() => new(TimeSpan.FromSeconds(1), ServiceReport.Serving, isLeaving: false);

    private static HeartbeatSession Opened(ServiceReport? report = null)
    {
        HeartbeatSession session = new(TimeSpan.FromSeconds(1), report ?? ServiceReport.Serving, isLeaving: false);
        session.Open(At(0));
        return session;
    }

    private static HeartbeatResponse Response(HeartbeatSession session, ulong sequence) =>
        new() { Sequence = sequence, HeartbeatIntervalMs = (uint)session.Interval.TotalMilliseconds };

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);
}
