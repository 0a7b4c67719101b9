using GaleLb.LoadBalancer.Nodes;
using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.Raft;
using GaleLb.Rpc;
using GaleLb.Rpc.V1;

namespace GaleLb.LoadBalancer.Tests.Nodes;

public sealed class ObservationForwarderTests : IAsyncLifetime
{
    /// <summary>For a test that would wait in vain, on the busiest machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TaskCompletionSource _streamOpen = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<HeartbeatObservation> _received = [];
    private PeerDouble _leader = null!;
    private PeerDouble _successor = null!;
    private NodeSide _side = null!;

    public async Task InitializeAsync()
    {
        (_leader, _successor) = (await PeerDouble.StartAsync(new MemberId(0x22)), await PeerDouble.StartAsync(new MemberId(0x33)));
        _leader.Observe = _successor.Observe = async (batches, answers) =>
        {
            await foreach (ObservationBatch batch in batches)
            {
                _received.AddRange(batch.Heartbeats);
                ObservationAnswers words = new() { Sequence = batch.Sequence };
                words.Answers.AddRange(batch.Heartbeats.Select(h => new ObservationAnswer { Node = h.Node, Instance = h.Instance, Passes = 2 }));
                await answers.WriteAsync(words);
            }
        };
        _side = NodeSide.LinkedTo(_leader, _successor);
        _side.Replica.Role = RaftRole.Follower;
        _side.Replica.Follows = _leader.Id;
        _side.Meet(_leader.Introduction);
        _side.Meet(_successor.Introduction);
    }

    public async Task DisposeAsync()
    {
        _over.TrySetResult();
        await _side.DisposeAsync();
        await _leader.DisposeAsync();
        await _successor.DisposeAsync();
    }

    [Fact]
    public async Task Round_Follower_HandsOverWhatWasHeardOnceAndTakesTheLeadersWord()
    {
        _side.Hear("n1", "10.98.2.101");
        _side.Time.Advance(TimeSpan.FromMilliseconds(30));

        await RoundAsync();
        await RoundAsync();

        _received.Should().ContainSingle().Which.Should().Match<HeartbeatObservation>(
            h => h.Node == "n1" && h.Address == "10.98.2.101" && h.AgeMs == 30 && h.Status == (uint)ServingStatus.Serving);
        _side.Observations.Liveness("n1").Passes.Should().Be(2);
    }

    [Fact]
    public async Task Round_NoLeader_KeepsWhatWasHeard()
    {
        _side.Replica.Follows = MemberId.None;
        _side.Hear("n1", "10.98.2.101");

        await RoundAsync();
        _side.Replica.Follows = _leader.Id;
        await RoundAsync();

        _received.Should().ContainSingle();
    }

    [Fact]
    public async Task Round_LeaderEndsTheStream_HandsTheSameToItsSuccessor()
    {
        _leader.Observe = (_, _) => throw new RpcException(StatusCode.FailedPrecondition, "this replica does not lead");
        _side.Hear("n1", "10.98.2.101");

        await RoundAsync();
        _side.Replica.Follows = _successor.Id;
        await RoundAsync();

        _received.Should().ContainSingle().Which.Node.Should().Be("n1");
    }

    [Fact]
    public void Returned_NewerHeardMeanwhile_IsNotReplacedByWhatCameBack()
    {
        _side.Hear("n1", "10.98.2.101", "old");
        List<HeardNode> lost = _side.Observations.TakeUnsent(10);
        _side.Time.Advance(TimeSpan.FromSeconds(1));
        _side.Hear("n1", "10.98.2.101", "new");

        _side.Observations.Returned(lost);

        _side.Observations.TakeUnsent(10).Should().ContainSingle().Which.Detail.Should().Be("new");
    }

    [Fact]
    public async Task Round_LeaderTakesTheStreamAndReadsNothing_IsBoundedAsAWhole()
    {
        _leader.Observe = (_, _) =>
        {
            _streamOpen.TrySetResult();
            return _over.Task;
        };
        // More than a stream's window holds, so that already the write gets stuck.
        string words = new('x', 4000);
        for (int i = 1; i <= 1000; i++)
            _side.Hear($"n{i}", $"10.98.{i / 250}.{i % 250 + 1}", words);

        Task round = RoundAsync();
        await _streamOpen.Task.WaitAsync(Patience);
        await _side.Time.UntilAsync(() => _side.Time.NextDue is not null).WaitAsync(Patience);
        round.IsCompleted.Should().BeFalse();
        _side.Time.Advance(TimeSpan.FromSeconds(1));
        await round.WaitAsync(Patience);

        _side.Replica.Follows = _successor.Id;
        await RoundAsync();
        _received.Should().HaveCount(1000, "the successor is told what the former leader never read");
    }

    [Fact]
    public async Task Round_LeaderReadsAndDoesNotAnswer_IsBoundedToo()
    {
        _leader.Observe = async (batches, _) =>
        {
            await foreach (ObservationBatch batch in batches)
                _streamOpen.TrySetResult();
        };
        _side.Hear("n1", "10.98.2.101");

        Task round = RoundAsync();
        await _streamOpen.Task.WaitAsync(Patience);
        await _side.Time.UntilAsync(() => _side.Time.NextDue is not null).WaitAsync(Patience);
        _side.Time.Advance(TimeSpan.FromSeconds(1));

        await round.WaitAsync(Patience);
        _side.Observations.TakeUnsent(10).Should().ContainSingle();
    }

    private Task RoundAsync() => _side.Forwarder.RunOnceAsync(CancellationToken.None).AsTask().WaitAsync(Patience);
}
