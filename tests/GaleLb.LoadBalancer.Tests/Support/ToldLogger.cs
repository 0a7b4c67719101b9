using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace GaleLb.LoadBalancer.Tests.Support;

/// <summary>A log that is kept, and that a test can wait for.</summary>
internal sealed class ToldLogger<T> : ILogger<T>
{
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly TaskCompletionSource<string> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyCollection<string> Lines => _lines;

    /// <summary>Completes with the first line.</summary>
    public Task<string> First => _first.Task;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        string line = formatter(state, exception);
        _lines.Enqueue(line);
        _first.TrySetResult(line);
    }
}
