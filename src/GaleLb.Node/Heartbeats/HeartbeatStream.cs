using System.Threading.Channels;
using GaleLb.Rpc;
using GaleLb.Rpc.Client;
using GaleLb.Rpc.V1;

namespace GaleLb.Node.Heartbeats;

/// <summary>How a stream came to its end.</summary>
/// <param name="Status">What the replica said, when it was the one to end it.</param>
internal readonly record struct StreamEnd(SessionEnd Session, RpcStatus Status);

/// <summary>Carries out what a <see cref="HeartbeatSession"/> decides, on one open stream.</summary>
/// <param name="progress">Told before each wait how long it may take.</param>
/// <param name="form">Makes the message of a heartbeat.</param>
/// <param name="answered">Called with each answer, after the session has taken it.</param>
internal sealed class HeartbeatStream(
    DuplexCall<HeartbeatRequest, HeartbeatResponse> call,
    HeartbeatSession session,
    Channel<NodeEvent> events,
    TimeProvider time,
    LoopProgress progress,
    Func<Beat, HeartbeatRequest> form,
    Action<HeartbeatResponse> answered)
{
    private static readonly NodeEvent.Tick Tick = new();
    private readonly long _started = time.GetTimestamp();

    private TimeSpan Patience => session.Interval * HeartbeatSession.MissedMax;

    private TimeSpan Now => time.GetElapsedTime(_started);

    /// <summary>Runs until the session or the replica ends it. Dispose the call afterwards.</summary>
    public async Task<StreamEnd> RunAsync(CancellationToken cancellationToken)
    {
        await using ITimer timer = time.CreateTimer(_ => events.Writer.TryWrite(Tick), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _ = ReadAsync();
        SessionStep step = session.Open(Now);
        while (true)
        {
            progress.Expect(Patience);
            if (step.Send is { } beat && !await TrySendAsync(beat, cancellationToken))
                return new StreamEnd(SessionEnd.Silent, RpcStatus.Ok);
            if (step.End == SessionEnd.Left)
                await call.CompleteAsync();
            if (step.End != SessionEnd.None)
                return new StreamEnd(step.End, RpcStatus.Ok);

            TimeSpan left = session.Due - Now;
            left = left > TimeSpan.Zero ? left : TimeSpan.Zero;
            progress.Expect(left);
            timer.Change(left, Timeout.InfiniteTimeSpan);
            switch (await events.Reader.ReadAsync(cancellationToken))
            {
                case NodeEvent.Answered { Response: var response }:
                    step = session.Answer(response);
                    answered(response);
                    break;
                case NodeEvent.Reported { Report: var report }:
                    step = session.Report(report, Now);
                    break;
                case NodeEvent.Leave:
                    step = session.Leave(Now);
                    break;
                case NodeEvent.Ended { Status: var status }:
                    return new StreamEnd(SessionEnd.None, status);
                default:
                    step = session.Tick(Now);
                    break;
            }
        }
    }

    /// <summary>False when the connection takes nothing any more.</summary>
    private async Task<bool> TrySendAsync(Beat beat, CancellationToken cancellationToken)
    {
        try
        {
            await call.WriteAsync(form(beat)).AsTask().WaitAsync(Patience, time, cancellationToken);
        }
        catch (RpcException)
        {
            // The stream is ending: the reader tells its status, which says more than a failed write.
        }
        catch (TimeoutException)
        {
            return false;
        }
        return true;
    }

    private async Task ReadAsync()
    {
        try
        {
            await foreach (HeartbeatResponse response in call.ReadAllAsync())
                events.Writer.TryWrite(new NodeEvent.Answered(response));
            events.Writer.TryWrite(new NodeEvent.Ended(RpcStatus.Ok));
        }
        catch (RpcException e)
        {
            events.Writer.TryWrite(new NodeEvent.Ended(e.Status));
        }
    }
}
