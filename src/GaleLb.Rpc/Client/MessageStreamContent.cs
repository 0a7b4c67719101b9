using System.Net;
using GaleLb.Rpc.Framing;
using Google.Protobuf;

namespace GaleLb.Rpc.Client;

/// <summary>A request body that stays open: messages are written to it while the answer is read.</summary>
internal sealed class MessageStreamContent : HttpContent
{
    private readonly TaskCompletionSource<Stream> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PooledBufferWriter _buffer = new();
    private int _writing;

    /// <summary>Serializes a message behind those not yet sent, and sends all of them if asked to.</summary>
    /// <exception cref="InvalidOperationException">Another write is in progress, or the stream was completed.</exception>
    public async ValueTask WriteAsync(IMessage message, bool flush, CancellationToken cancellationToken)
    {
        Enter();
        try
        {
            MessageFrame.Write(_buffer, message);
            if (flush)
                await SendAsync(cancellationToken);
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        Enter();
        try
        {
            await SendAsync(cancellationToken);
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    /// <summary>Sends what is left and ends the stream; the answers can still be read.</summary>
    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        _completed.TrySetResult();
    }

    /// <summary>The call ended without ever opening the body, or before it was completed.</summary>
    public void Abandon(Exception reason)
    {
        if (_opened.TrySetException(reason))
        {
            // Observed here: nobody may be writing.
            _ = _opened.Task.Exception;
        }
        _completed.TrySetCanceled();
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <remarks>
    /// The handler's token is left alone: it fires when the server has ended the call or the connection is gone, and a body that ended
    /// by it would hide the server's answer, or what became of the connection, behind a cancellation. The call's own end abandons the body.
    /// </remarks>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        try
        {
            // The headers go out now: a server may have something to say before the first message.
            await stream.FlushAsync(CancellationToken.None);
        }
        catch (Exception e)
        {
            // Who waits to write is told, also where nobody reads what the call has come to.
            _opened.TrySetException(e);
            throw;
        }

        _opened.TrySetResult(stream);
        await _completed.Task;
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    private async ValueTask SendAsync(CancellationToken cancellationToken)
    {
        Stream stream = _opened.Task.IsCompletedSuccessfully ? _opened.Task.Result : await _opened.Task.WaitAsync(cancellationToken);
        if (_buffer.Written.IsEmpty)
            return;
        try
        {
            await stream.WriteAsync(_buffer.Written, cancellationToken);
            await stream.FlushAsync(cancellationToken);
        }
        finally
        {
            _buffer.Release();
        }
    }

    private void Enter()
    {
        if (Interlocked.Exchange(ref _writing, 1) != 0)
            throw new InvalidOperationException("A write is in progress: one at a time.");
        if (_completed.Task.IsCompletedSuccessfully)
        {
            Volatile.Write(ref _writing, 0);
            throw new InvalidOperationException("The stream has been completed.");
        }
    }
}
