using System.Globalization;
using System.IO.Pipelines;
using System.Net.Http.Headers;
using GaleLb.Rpc.Framing;
using Google.Protobuf;

namespace GaleLb.Rpc.Client;

/// <summary>One call in progress on the client's side: the request under way, the answer being read, and how it ended.</summary>
internal sealed class ClientCall<TResponse> : IDisposable
    where TResponse : class, IMessage<TResponse>
{
    // Beyond this a timer cannot be set; such a deadline is left to the server.
    private static readonly TimeSpan TimerMax = TimeSpan.FromMilliseconds(uint.MaxValue - 1);
    private readonly RpcChannel _channel;
    private readonly MessageParser<TResponse> _parser;
    private readonly HttpRequestMessage _request;
    private readonly Lock _gate = new();

    // Neither linked nor timed, so that it needs no disposal and may be cancelled at any time.
    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationTokenRegistration _callerToken;
    private readonly ITimer? _deadline;
    private readonly Task<HttpResponseMessage> _response;
    private readonly TaskCompletionSource<RpcStatus> _status = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private MessageReader<TResponse>? _reader;
    private HttpResponseMessage? _message;
    private PipeReader? _body;
    private Exception? _cause;
    private bool _reading;
    private bool _released;
    private volatile bool _deadlinePassed;

    public ClientCall(RpcChannel channel, HttpMessageInvoker invoker, HttpRequestMessage request, MessageParser<TResponse> parser, RpcCallOptions options)
    {
        _channel = channel;
        _parser = parser;
        _request = request;
        _callerToken = options.CancellationToken.UnsafeRegister(static call => ((ClientCall<TResponse>)call!).Cancel(), this);
        if (options.Timeout is { } timeout && timeout <= TimerMax)
            _deadline = channel.Time.CreateTimer(static call => ((ClientCall<TResponse>)call!).PassDeadline(), this, timeout > TimeSpan.Zero ? timeout : TimeSpan.Zero, System.Threading.Timeout.InfiniteTimeSpan);
        _response = SendAsync(invoker);
        // Its failure is told by the status; nobody may be waiting for the headers.
        _ = _response.ContinueWith(static sent => _ = sent.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Completes with the call's status; never faults.</summary>
    public Task<RpcStatus> Status => _status.Task;

    /// <summary>Fires when the call is cancelled, by whom ever.</summary>
    public CancellationToken Token => _ended.Token;

    public RpcMetadata Trailers { get; private set; } = RpcMetadata.Empty;

    /// <summary>The server's headers: the call has reached a handler (or has been refused).</summary>
    /// <exception cref="RpcException">The call failed before.</exception>
    public async Task<RpcMetadata> HeadersAsync() => MetadataOf((await AnswerAsync()).Headers);

    /// <summary>The next message; null when the call ended with Ok.</summary>
    /// <exception cref="RpcException">The call ended otherwise.</exception>
    public async ValueTask<TResponse?> ReadAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_reading)
                throw new InvalidOperationException("A read is in progress: one at a time.");
            _reading = true;
        }
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static call => ((ClientCall<TResponse>)call!).Cancel(), this);
        try
        {
            if (!_status.Task.IsCompleted && await ReadOpenAsync() is { } message)
                return message;
        }
        catch (Exception e) when (!_status.Task.IsCompleted)
        {
            Fail(e);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The call was ended meanwhile, by its disposal for one; the status below says how.
            _cause ??= e;
        }
        finally
        {
            lock (_gate)
                _reading = false;
            Release();
        }
        ThrowUnlessOk();
        return null;
    }

    /// <summary>Exactly one message and Ok.</summary>
    public async Task<TResponse> ReadOneAsync()
    {
        TResponse? message = await ReadAsync(CancellationToken.None);
        if (message is not null && await ReadAsync(CancellationToken.None) is null)
            return message;
        RpcStatus status = new(StatusCode.Unimplemented, $"{_channel.Target} answered {(message is null ? "Ok without a message" : "more than one message")} where one was expected.");
        Cancel();
        throw new RpcException(status);
    }

    /// <summary>What a failed write means: the call's own end where that is known, else what the transport says.</summary>
    public RpcException WriteFailure(Exception e)
    {
        if (_status.Task.IsCompletedSuccessfully && !_status.Task.Result.IsOk)
            return new RpcException(_status.Task.Result, _cause ?? e, Trailers);
        if (_status.Task.IsCompletedSuccessfully)
            return new RpcException(StatusCode.Unavailable, $"{_channel.Target} ended the call before this message.", e);
        return new RpcException(StatusOf(e), e);
    }

    public void Cancel() => _ended.Cancel();

    public void Dispose()
    {
        Finish(new RpcStatus(StatusCode.Cancelled, "The call was disposed."), RpcMetadata.Empty);
        // Cancelled also when the call has ended well: an open request body must not outlive it.
        Cancel();
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMessageInvoker invoker)
    {
        HttpResponseMessage? response = null;
        try
        {
            response = await invoker.SendAsync(_request, _ended.Token);
            RpcStatus refusal = HttpStatus.Judge(response, _channel.Target);
            if (!refusal.IsOk)
                throw new RpcException(refusal);
            string? encoding = response.Headers.TryGetValues(Protocol.Encoding, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;
            Stream body = await response.Content.ReadAsStreamAsync(_ended.Token);
            lock (_gate)
            {
                if (_released)
                    throw new OperationCanceledException(_ended.Token);
                _message = response;
                _body = PipeReader.Create(body, new StreamPipeReaderOptions(useZeroByteReads: true));
                _reader = new MessageReader<TResponse>(_body, _parser, _channel.MessageBytesMax, encoding);
            }
            return response;
        }
        catch (Exception e)
        {
            response?.Dispose();
            Fail(e);
            throw;
        }
    }

    private async ValueTask<HttpResponseMessage> AnswerAsync()
    {
        try
        {
            return await _response;
        }
        catch (Exception e)
        {
            Fail(e);
            ThrowUnlessOk();
            throw;
        }
    }

    private async ValueTask<TResponse?> ReadOpenAsync()
    {
        HttpResponseMessage response = await AnswerAsync();
        bool isTrailersOnly = response.Headers.Contains(Protocol.Status);
        TResponse? message = await _reader!.ReadAsync(_ended.Token);
        if (message is not null)
            return isTrailersOnly ? throw new RpcException(StatusCode.Internal, $"{_channel.Target} sent a status before a message.") : message;
        HttpResponseHeaders trailers = isTrailersOnly ? response.Headers : response.TrailingHeaders;
        Finish(StatusIn(trailers), MetadataOf(trailers));
        return null;
    }

    private void PassDeadline()
    {
        _deadlinePassed = true;
        Cancel();
    }

    private void Fail(Exception e)
    {
        if (_status.Task.IsCompleted)
            return;
        _cause = e is RpcException ? e.InnerException : e;
        Finish(StatusOf(e), RpcMetadata.Empty);
        Cancel();
    }

    private void Finish(RpcStatus status, RpcMetadata trailers)
    {
        lock (_gate)
        {
            if (_status.Task.IsCompleted)
                return;
            Trailers = trailers;
            _status.SetResult(status);
        }
        _callerToken.Unregister();
        _deadline?.Dispose();
        (_request.Content as MessageStreamContent)?.Abandon(new RpcException(
            status.IsOk ? new RpcStatus(StatusCode.Unavailable, $"{_channel.Target} has ended the call.") : status, _cause));
        Release();
    }

    /// <summary>Gives the answer's buffers and stream back, once the call has ended and no read is using them.</summary>
    private void Release()
    {
        lock (_gate)
        {
            if (_reading || _released || !_status.Task.IsCompleted)
                return;
            _released = true;
        }
        _body?.Complete();
        _message?.Dispose();
    }

    private void ThrowUnlessOk()
    {
        if (_status.Task is { IsCompletedSuccessfully: true, Result: { IsOk: false } status })
            throw new RpcException(status, _cause, Trailers);
    }

    private RpcStatus StatusOf(Exception e)
    {
        if (e is RpcException rpc)
            return rpc.Status;
        if (_deadlinePassed)
            return new RpcStatus(StatusCode.DeadlineExceeded, $"{_channel.Target} did not answer in time.");
        if (_ended.IsCancellationRequested)
            return new RpcStatus(StatusCode.Cancelled, "The call was cancelled.");
        return TransportStatus.Of(e, _channel.Target);
    }

    private static RpcStatus StatusIn(HttpResponseHeaders headers)
    {
        if (!headers.TryGetValues(Protocol.Status, out IEnumerable<string>? values))
            return new RpcStatus(StatusCode.Unknown, "The answer ended without a grpc-status.");
        string text = values.First();
        string message = headers.TryGetValues(Protocol.Message, out IEnumerable<string>? words) ? StatusMessage.Decode(words.First()) : "";
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int code) && Enum.IsDefined((StatusCode)code)
            ? new RpcStatus((StatusCode)code, message)
            : new RpcStatus(StatusCode.Unknown, $"grpc-status '{text}': {message}");
    }

    private static RpcMetadata MetadataOf(HttpResponseHeaders headers)
    {
        RpcMetadata? metadata = null;
        foreach ((string key, HeaderStringValues values) in headers.NonValidated)
        {
            if (!RpcMetadata.IsCustom(key))
                continue;
            metadata ??= new RpcMetadata();
            foreach (string value in values)
                metadata.Append(key.ToLowerInvariant(), value);
        }
        return metadata ?? RpcMetadata.Empty;
    }
}
