using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace GaleLb.Rpc.Framing;

/// <summary>Takes messages out of a body, parsing each where it lies in the pipe's own buffers.</summary>
/// <param name="encoding">The sender's <c>grpc-encoding</c>: only identity is understood.</param>
internal sealed class MessageReader<T>(PipeReader input, MessageParser<T> parser, int messageBytesMax, string? encoding)
    where T : class, IMessage<T>
{
    /// <summary>The next message, or null at the end of the body.</summary>
    /// <exception cref="RpcException">The body is not a sequence of messages, or one is beyond the limit.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<T?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult result = await input.ReadAsync(cancellationToken);
            if (result.IsCanceled)
                throw new OperationCanceledException(cancellationToken);
            ReadOnlySequence<byte> buffer = result.Buffer;
            if (TryTake(buffer, out T? message, out SequencePosition consumed))
            {
                input.AdvanceTo(consumed);
                return message;
            }

            input.AdvanceTo(buffer.Start, buffer.End);
            if (!result.IsCompleted)
                continue;
            if (buffer.IsEmpty)
                return null;
            throw new RpcException(StatusCode.Internal, $"The body ended inside a message, {buffer.Length} bytes after its start.");
        }
    }

    private bool TryTake(in ReadOnlySequence<byte> buffer, out T? message, out SequencePosition consumed)
    {
        message = null;
        consumed = buffer.Start;
        if (!MessageFrame.TryReadHeader(buffer, out byte flag, out uint length))
            return false;
        if (flag != 0)
            throw RefuseFlag(flag);
        // Judged by the header alone, so that nothing beyond the limit is ever buffered.
        if (length > messageBytesMax)
            throw new RpcException(StatusCode.ResourceExhausted, $"A message of {length} bytes is beyond the limit of {messageBytesMax}.");
        if (buffer.Length < MessageFrame.HeaderBytes + length)
            return false;

        ReadOnlySequence<byte> body = buffer.Slice(MessageFrame.HeaderBytes, length);
        try
        {
            message = parser.ParseFrom(body);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new RpcException(StatusCode.Internal, $"A message of {length} bytes is not a {typeof(T).Name}: {e.Message}", e);
        }

        consumed = body.End;
        return true;
    }

    // The compression document of gRPC: a flag without a named encoding is a broken sender, a named one is merely not offered here.
    private RpcException RefuseFlag(byte flag) => flag == 1 && encoding is not (null or "" or "identity")
        ? new RpcException(StatusCode.Unimplemented, $"Messages compressed with '{encoding}' are not accepted; send identity.")
        : new RpcException(StatusCode.Internal, flag == 1 ? "A message is marked compressed, but no grpc-encoding was named." : $"A message starts with flag {flag}; 0 or 1 was expected.");
}
