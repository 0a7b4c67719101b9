using GaleLb.LoadBalancer.Rest;
using GaleLb.LoadBalancer.Watching;
using GaleLb.Raft;

namespace GaleLb.LoadBalancer.Tests.Watching;

public sealed class StatusFeedTests
{
    [Fact]
    public void Next_WhenOnlyTimeHasPassed_IsNothing()
    {
        StatusDocument status = Of(uptimeMs: 1, role: "leader");
        StatusFeed feed = new(() => status);

        WatchMessage first = feed.Next().Should().ContainSingle().Subject;
        status = Of(uptimeMs: 2, role: "leader");
        feed.Next().Should().BeEmpty();
        status = Of(uptimeMs: 3, role: "follower");
        WatchMessage second = feed.Next().Should().ContainSingle().Subject;

        (first.Name, first.Id).Should().Be(("status", new LogIndex(7)));
        first.Json.Should().Contain("\"uptime_ms\":1");
        second.Json.Should().Contain("\"uptime_ms\":3").And.Contain("follower");
    }

    private static StatusDocument Of(long uptimeMs, string role) => new(
        new ReplicaDocument("11", "10.98.2.1:9090", "c1", "1.0", uptimeMs),
        new RaftDocument(role, 1, null, null, 7, 7, 7, 0, LeaderContact: true, "complete"),
        new NodeCountsDocument(0, 0, 0, 0, 0, 0, 0),
        new DataPlaneDocument(Attached: true, "native", 7, "", [], [], null), null, []);
}
