using GaleLb.LoadBalancer.Watching;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace GaleLb.LoadBalancer.Tests.Watching;

/// <summary>Who ended a stream, told apart where the server itself breaks the connection of a write that is given up.</summary>
public sealed class WatchStreamTests
{
    private readonly WatchHub _hub = new(new WatchOptions());

    [Fact]
    public async Task Execute_PatienceEndsAWriteAndTheServerBreaksTheConnection_IsCountedAsDropped()
    {
        using CancellationTokenSource left = new();
        DefaultHttpContext context = Reader(token =>
        {
            token.WaitHandle.WaitOne();
            left.Cancel();
            throw new OperationCanceledException(token);
        }, left.Token);

        await Stream(new LapsedTime()).ExecuteAsync(context);

        _hub.Dropped.Should().Be(1);
        _hub.Open.Should().Be(0);
    }

    [Fact]
    public async Task Execute_TheReaderLeavesInAWrite_IsNotCountedAsDropped()
    {
        using CancellationTokenSource left = new();
        DefaultHttpContext context = Reader(token =>
        {
            left.Cancel();
            throw new OperationCanceledException(token);
        }, left.Token);

        await Stream(new ManualTime()).ExecuteAsync(context);

        _hub.Dropped.Should().Be(0);
        _hub.Open.Should().Be(0);
    }

    private WatchStream Stream(TimeProvider time) => new(_hub, new NothingToTell(), static () => null, time, NullLogger.Instance);

    private static DefaultHttpContext Reader(Action<CancellationToken> write, CancellationToken left) =>
        new() { RequestAborted = left, Response = { Body = new Body(write) } };

    private sealed class NothingToTell : IWatchFeed
    {
        public IEnumerable<WatchMessage> Next() => [];
    }

    private sealed class Body(Action<CancellationToken> write) : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            write(cancellationToken);
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>A clock on which every wait is over when it begins.</summary>
    private sealed class LapsedTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            callback(state);
            return new Over();
        }

        private sealed class Over : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
