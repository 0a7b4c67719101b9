using System.Net.Sockets;
using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.LoadBalancer.Watching;
using GaleLb.Raft;
using GaleLb.State;
using GaleLb.State.Commands;
using GaleLb.State.History;

namespace GaleLb.LoadBalancer.Tests.Watching;

public sealed class WatchTests : IAsyncLifetime
{
    private static readonly WatchOptions Quick = new()
    {
        WatchersMax = 3,
        Gap = TimeSpan.Zero,
        Look = TimeSpan.FromMilliseconds(1),
        Patience = TimeSpan.FromMilliseconds(200),
    };

    private ApiHarness _api = null!;

    public async Task InitializeAsync() => _api = (await ApiHarness.StartAsync(Quick)).WithRoutable(2);

    public Task DisposeAsync() => _api.DisposeAsync().AsTask();

    [Fact]
    public async Task Events_FromTheBeginning_TellsEachEntryOnceAndThenWhatComes()
    {
        using EventReader events = await _api.WatchAsync("events?watch=true");
        ulong[] entries = [.. _api.State.Events.Select(e => e.Index.Value).Distinct()];

        SentEvent[] told = await ReadAsync(events, entries.Length);
        await _api.SendAsync("POST", "nodes/node-1/drain");
        SentEvent drained = (await events.NextAsync())!;

        told.Select(t => t.Id).Should().Equal(entries.Select(i => $"{i}"));
        told.Should().AllSatisfy(t => t.Name.Should().Be("events"));
        told.Sum(t => t.Json.GetProperty("events").GetArrayLength()).Should().Be(_api.State.Events.Count - 1);
        drained.Id.Should().Be($"{_api.State.AppliedIndex}");
        drained.Json.GetProperty("events")[0].GetProperty("kind").GetString().Should().Be("node_drained");
    }

    [Theory]
    [InlineData("events?watch=true&from={0}", null)]
    [InlineData("events?watch=true&after={0}", null)]
    [InlineData("events?watch=true&from=1", "{0}")]
    [InlineData("events?watch=true&consistency=local", "{0}")]
    public async Task Events_Resumed_BeginAfterThatIndex(string path, string? lastEventId)
    {
        LogIndex seen = _api.State.AppliedIndex;
        await _api.SendAsync("POST", "nodes/node-1/drain");
        using EventReader events = await _api.WatchAsync(
            path.Replace("{0}", $"{seen}", StringComparison.Ordinal), lastEventId?.Replace("{0}", $"{seen}", StringComparison.Ordinal));

        (await events.NextAsync())!.Id.Should().Be($"{seen.Next()}");
    }

    [Theory]
    [InlineData("events")]
    [InlineData("nodes")]
    public async Task Watch_FromWhatIsNoIndexOrToCome_IsRefused(string what)
    {
        (await _api.GetAsync($"{what}?watch=true&from={_api.State.AppliedIndex.Next()}")).Being(404)["field"].Should().Be("from");
        (await _api.GetAsync($"{what}?watch=true&from=x")).Being(400)["field"].Should().Be("from");
        (await _api.GetAsync($"{what}?watch=maybe")).Being(400)["field"].Should().Be("watch");
        (await _api.GetAsync($"{what}?watch=true&consistency=eventual")).Being(422);
        (await _api.GetAsync($"{what}?watch=false&from=x")).Being(200);
    }

    [Fact]
    public async Task Watch_FromWhatIsNotKeptAnyMore_IsGone()
    {
        using (await _api.WatchAsync("nodes?watch=true&from=3"))
            for (int i = 0; i <= StateHistory.StatesMax; i++)
                _api.Replica.Apply(new UndrainNode("node-1"));

        ApiAnswer gone = (await _api.GetAsync("nodes?watch=true&from=3")).Being(410);

        gone["oldest_index"].Should().Be($"{_api.Machine.History.Oldest}");
        for (int i = 0; i <= ClusterState.EventsMax / 2; i++)
        {
            _api.Replica.Apply(new DrainNode("node-1", Force: true));
            _api.Replica.Apply(new UndrainNode("node-1"));
        }

        (await _api.GetAsync("events?watch=true&from=3")).Being(410)["oldest_index"].Should().Be($"{_api.State.Events[0].Index}");
    }

    [Fact]
    public async Task Nodes_AfterTheWholeList_AreThoseThatChange()
    {
        using EventReader nodes = await _api.WatchAsync("nodes?watch=true");

        SentEvent all = (await nodes.NextAsync())!;
        await _api.SendAsync("POST", "nodes/node-1/drain");
        SentEvent drained = (await nodes.NextAsync())!;
        await _api.SendAsync("DELETE", "nodes/node-2?force=true");
        SentEvent removed = (await nodes.NextAsync())!;

        (all.Name, drained.Name, removed.Name).Should().Be(("nodes", "changes", "changes"));
        Names(all).Should().Equal("node-1", "node-2");
        Names(drained).Should().Equal("node-1");
        drained.Json.GetProperty("nodes")[0].GetProperty("state").GetString().Should().Be("draining");
        Names(removed).Should().BeEmpty();
        removed.Json.GetProperty("removed")[0].GetString().Should().Be("node-2");
        removed.Id.Should().Be($"{_api.State.AppliedIndex}");
    }

    [Fact]
    public async Task Nodes_Resumed_TellsWhatChangedMeanwhileAndWhoIsGone()
    {
        LogIndex seen = _api.State.AppliedIndex;
        await _api.SendAsync("POST", "nodes/node-1/drain");
        await _api.SendAsync("DELETE", "nodes/node-2?force=true");

        using EventReader nodes = await _api.WatchAsync("nodes?watch=true", $"{seen}");
        SentEvent changes = (await nodes.NextAsync())!;

        (changes.Name, changes.Id).Should().Be(("changes", $"{_api.State.AppliedIndex}"));
        Names(changes).Should().Equal("node-1");
        changes.Json.GetProperty("removed").GetRawText().Should().Be("[\"node-2\"]");
    }

    [Fact]
    public async Task Status_WhenAnyOfItChanges_IsSentWhole()
    {
        using EventReader status = await _api.WatchAsync("status?watch=true");

        SentEvent first = (await status.NextAsync())!;
        _api.Time.Advance(TimeSpan.FromSeconds(1));
        _api.Replica.Role = RaftRole.Follower;
        SentEvent second = (await status.NextAsync())!;

        (first.Name, first.Id).Should().Be(("status", $"{_api.State.AppliedIndex}"));
        first.Json.GetProperty("raft").GetProperty("role").GetString().Should().Be("leader");
        second.Json.GetProperty("raft").GetProperty("role").GetString().Should().Be("follower");
    }

    [Fact]
    public async Task Watch_WithoutNews_SendsComments()
    {
        using EventReader status = await _api.WatchAsync("status?watch=true");
        (await status.NextAsync())!.Name.Should().Be("status");

        _api.Time.Advance(Quick.Heartbeat);

        (await status.NextAsync(comments: true))!.Name.Should().Be(":");
    }

    [Fact]
    public async Task Watch_BeyondTheBound_IsRefusedUntilOneLeaves()
    {
        List<EventReader> open = [];
        for (int i = 0; i < Quick.WatchersMax; i++)
            open.Add(await _api.WatchAsync("events?watch=true"));

        ApiAnswer refused = (await _api.GetAsync("events?watch=true")).Being(429);

        refused["detail"].Should().Contain($"{Quick.WatchersMax} streams");
        (await _api.GetAsync("events")).Being(200);
        open.ForEach(reader => reader.Dispose());
        await UntilAsync(() => _api.Watchers.Open == 0);
        (await _api.WatchAsync("events?watch=true")).Dispose();
    }

    [Fact]
    public async Task Watch_WithoutALeaderForLong_EndsUnlessLocal()
    {
        using EventReader linearizable = await _api.WatchAsync("events?watch=true");
        using EventReader local = await _api.WatchAsync("events?watch=true&consistency=local");

        _api.Time.Advance(Quick.LeaderlessMax);

        SentEvent last = await LastAsync(linearizable);
        last.Name.Should().Be("no_leader");
        last.Json.GetProperty("title").GetString().Should().Be("No leader");
        await _api.SendAsync("POST", "nodes/node-1/drain");
        SentEvent? told;
        do
            told = await local.NextAsync();
        while (told!.Id != $"{_api.State.AppliedIndex}");
    }

    [Fact]
    public async Task Watch_WhenTheReplicaStops_Ends()
    {
        using EventReader events = await _api.WatchAsync("events?watch=true");

        await _api.DisposeAsync();

        Func<Task> reading = async () => await LastAsync(events);
        await reading.Should().ThrowAsync<IOException>("its connection breaks, as when the replica is killed");
        await UntilAsync(() => _api.Watchers.Open == 0);
    }

    [Fact]
    public async Task Watch_ByAReaderThatTakesNothing_IsDroppedAndTheReplicaGoesOn()
    {
        // More than the buffers of a connection hold (a quote is six bytes of JSON), and fewer events than are kept.
        void Ban(int times)
        {
            for (int i = 0; i < times; i++)
                _api.Replica.Apply(new BanNode("node-1", 60_000, new string('"', 1000), Force: true)).IsOk.Should().BeTrue();
        }

        Ban(ClusterState.EventsMax - 200);
        using Socket reader = new(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await reader.ConnectAsync(_api.Address.Host, _api.Address.Port);
        await reader.SendAsync("GET /api/v1/events?watch=true HTTP/1.1\r\nHost: lb\r\n\r\n"u8.ToArray());
        await UntilAsync(() => _api.Watchers.Open == 1 || _api.Watchers.Dropped == 1);

        // What is applied meanwhile is not held up.
        Ban(100);
        _api.State.Events.Count.Should().BeLessThan(ClusterState.EventsMax, "the stream would end by itself if it lost events");
        await UntilAsync(() => _api.Watchers.Dropped == 1);

        await UntilAsync(() => _api.Watchers.Open == 0);
        (await _api.GetAsync("events?after=" + _api.State.AppliedIndex)).Being(200);
    }

    private static async Task<SentEvent[]> ReadAsync(EventReader reader, int count)
    {
        SentEvent[] told = new SentEvent[count];
        for (int i = 0; i < count; i++)
            told[i] = (await reader.NextAsync())!;
        return told;
    }

    private static async Task<SentEvent> LastAsync(EventReader reader)
    {
        SentEvent? last = null;
        while (await reader.NextAsync() is { } told)
            last = told;
        return last!;
    }

    private static IEnumerable<string?> Names(SentEvent told) =>
        told.Json.GetProperty("nodes").EnumerateArray().Select(n => n.GetProperty("id").GetString());

    /// <summary>Waits for what another thread is about to do; a test that waits in vain is ended by build.sh, by its name.</summary>
    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
            await Task.Yield();
    }
}
