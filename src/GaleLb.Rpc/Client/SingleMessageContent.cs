using System.Buffers;
using System.Net;
using GaleLb.Rpc.Framing;
using Google.Protobuf;

namespace GaleLb.Rpc.Client;

/// <summary>A request body of one message, serialized into a rented buffer when it is sent.</summary>
internal sealed class SingleMessageContent(IMessage message) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        using PooledBufferWriter buffer = new();
        MessageFrame.Write(buffer, message);
        await stream.WriteAsync(buffer.Written, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
