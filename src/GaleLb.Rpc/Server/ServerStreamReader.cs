using GaleLb.Rpc.Framing;
using Google.Protobuf;

namespace GaleLb.Rpc.Server;

/// <summary>The incoming stream of a call; also its own enumerator, because it can be read once only.</summary>
internal sealed class ServerStreamReader<T>(ServerCall call, MessageParser<T> parser) : IAsyncEnumerable<T>, IAsyncEnumerator<T>
    where T : class, IMessage<T>
{
    private readonly MessageReader<T> _reader = call.Reader(parser);
    private readonly CancellationToken _callToken = call.Context.CancellationToken;
    private CancellationTokenSource? _linked;
    private CancellationToken _token;
    private T? _current;
    private bool _taken;

    public T Current => _current ?? throw new InvalidOperationException("There is no current message.");

    public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        if (_taken)
            throw new InvalidOperationException("The messages of a call can be read once.");
        _taken = true;
        _token = _callToken;
        if (cancellationToken.CanBeCanceled && cancellationToken != _callToken)
        {
            _linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _callToken);
            _token = _linked.Token;
        }
        return this;
    }

    public async ValueTask<bool> MoveNextAsync() => (_current = await _reader.ReadAsync(_token)) is not null;

    public ValueTask DisposeAsync()
    {
        _linked?.Dispose();
        return ValueTask.CompletedTask;
    }
}
