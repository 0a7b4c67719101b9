using GaleLb.LoadBalancer.Forwarding;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.State;
using GaleLb.State.Forwarding;

namespace GaleLb.LoadBalancer.Tests.Hosting;

public sealed class ReadinessTests
{
    private static readonly FoundingStatus Founded = new(false, "");
    private static readonly FoundingStatus Waiting = new(true, "waits for 10.98.2.2:9090");

    [Fact]
    public void Missing_BeforeALeaderConfirmed_SaysSo() =>
        new Readiness(forwards: true).Missing(Founded, attached: true).Should().Contain("no leader");

    [Fact]
    public void Missing_WhileFounding_SaysWhatItWaitsFor() =>
        new Readiness(forwards: true).Missing(Waiting, attached: true).Should().Be(Waiting.Reason);

    [Fact]
    public void Missing_KernelBehindTheTarget_NamesTheIndex()
    {
        Readiness readiness = new(forwards: true);
        readiness.CaughtUp(new LogIndex(7));

        readiness.Follow(Table(6, inKernel: true));

        readiness.Missing(Founded, attached: true).Should().Contain("7");
    }

    [Fact]
    public void Missing_TableDerivedButNotWritten_IsNotReady()
    {
        Readiness readiness = new(forwards: true);
        readiness.CaughtUp(new LogIndex(7));

        readiness.Follow(Table(9, inKernel: false));

        readiness.Missing(Founded, attached: true).Should().NotBeNull();
    }

    [Fact]
    public void Missing_OnceReached_StaysReadyWithoutLeaderOrNewTables()
    {
        Readiness readiness = new(forwards: true);
        readiness.CaughtUp(new LogIndex(7));
        readiness.Follow(Table(7, inKernel: true));

        readiness.CaughtUp(new LogIndex(1000));

        readiness.Missing(Founded, attached: true).Should().BeNull();
        readiness.Missing(Founded, attached: false).Should().Contain("not attached");
    }

    private static TableView Table(ulong index, bool inKernel) =>
        new(ForwardingTableBuilder.Derive(ClusterState.Empty with { AppliedIndex = new LogIndex(index) }), inKernel, Error: null);
}
