using System.IO.Pipelines;
using Google.Protobuf;

namespace GaleLb.Rpc.Server;

internal sealed class ServerStreamWriter<T>(ServerCall call) : IRpcStreamWriter<T>
    where T : class, IMessage<T>
{
    private int _writing;

    public async ValueTask WriteAsync(T message, CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _writing, 1) != 0)
            throw new InvalidOperationException("A write is in progress: one at a time.");
        try
        {
            call.Context.CancellationToken.ThrowIfCancellationRequested();
            call.Write(message);
            FlushResult flushed = await call.Output.FlushAsync(cancellationToken.CanBeCanceled ? cancellationToken : call.Context.CancellationToken);
            // Kestrel does not throw when the caller is gone; it says that nobody reads any more.
            if (flushed.IsCompleted)
                throw new RpcException(StatusCode.Cancelled, "The caller is gone.");
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }
}
