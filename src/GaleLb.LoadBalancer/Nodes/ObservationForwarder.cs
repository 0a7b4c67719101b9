using GaleLb.LoadBalancer.Hosting;
using GaleLb.LoadBalancer.Peers;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.Rpc;
using GaleLb.Rpc.Client;
using GaleLb.Rpc.V1;

namespace GaleLb.LoadBalancer.Nodes;

/// <summary>On a follower: sends the leader, in batches, what nodes said since the last one, and takes its word on each.</summary>
internal sealed class ObservationForwarder(
    IReplica replica, PeerNetwork network, ObservationDesk desk, TimeProvider time, ILogger<ObservationForwarder> log)
    : PeriodicWork(TimeSpan.FromMilliseconds(50), time, log)
{
    private const int BatchMax = 4096;
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(1);

    private DuplexCall<ObservationBatch, ObservationAnswers>? _call;
    private MemberId _leader;
    private ulong _sequence;

    protected override async ValueTask RoundAsync(CancellationToken stop)
    {
        ReplicaStatus status = replica.Status;
        if (status.Leader != _leader || status.Role == RaftRole.Leader)
            Close();
        if (status.Leader.IsNone || status.Role == RaftRole.Leader || network.Link(status.Leader) is not { } link)
            return;
        List<HeardNode> unsent = desk.TakeUnsent(BatchMax);
        if (unsent.Count == 0)
            return;
        try
        {
            // Bounded as a whole: a leader that takes the stream but reads nothing must not hold up what its successor waits for.
            await SendAsync(link, status.Leader, unsent).WaitAsync(AnswerTimeout, Time, stop);
        }
        catch (Exception error) when (error is RpcException or OperationCanceledException or TimeoutException)
        {
            // A leader that just died or stepped down: the observations go to its successor.
            desk.Returned(unsent);
            Close();
        }
    }

    private async Task SendAsync(PeerLink link, MemberId leader, List<HeardNode> unsent)
    {
        if (_call is null)
        {
            RpcMetadata metadata = new();
            metadata.Add(PeerLink.MemberHeader, network.Self.ToString());
            _call = link.Client.Observe(new RpcCallOptions(Metadata: metadata));
            _leader = leader;
        }
        DuplexCall<ObservationBatch, ObservationAnswers> call = _call;
        ObservationBatch batch = new() { Sequence = ++_sequence };
        foreach (HeardNode heard in unsent)
            batch.Heartbeats.Add(Observation(heard));
        await call.WriteAsync(batch);
        ObservationAnswers answers = await call.ReadAsync()
            ?? throw new RpcException(StatusCode.Unavailable, "the leader ended the stream of observations");
        foreach (ObservationAnswer answer in answers.Answers)
            desk.Note(answer);
    }

    private HeartbeatObservation Observation(HeardNode heard)
    {
        HeartbeatObservation observation = new()
        {
            Node = heard.Node,
            Instance = heard.Description.Instance,
            Address = heard.Description.Address.ToString(),
            Port = heard.Description.Port,
            Weight = heard.Description.Weight,
            Status = (uint)heard.Status,
            Detail = heard.Detail,
            AgeMs = (uint)Time.GetElapsedTime(heard.HeardAt).TotalMilliseconds,
            Count = 1,
        };
        observation.Services.AddRange(heard.Description.Services);
        observation.NotServing.AddRange(heard.NotServing);
        return observation;
    }

    private void Close()
    {
        _call?.Dispose();
        _call = null;
        _leader = MemberId.None;
    }
}
