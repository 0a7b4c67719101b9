using System.Buffers;
using System.Buffers.Binary;
using Google.Protobuf;

namespace GaleLb.Rpc.Framing;

/// <summary>The length-prefixed message of gRPC over HTTP/2: one byte of compression flag, four of length (big-endian), the message.</summary>
internal static class MessageFrame
{
    public const int HeaderBytes = 5;

    // Pipes hand out blocks of 4 KiB; a message beyond that is written block by block instead of asking for one large span.
    private const int SpanBytesMax = 4096 - HeaderBytes;

    public static void Write(IBufferWriter<byte> output, IMessage message)
    {
        int size = message.CalculateSize();
        if (size <= SpanBytesMax)
        {
            Span<byte> frame = output.GetSpan(HeaderBytes + size)[..(HeaderBytes + size)];
            WriteHeader(frame, size);
            message.WriteTo(frame[HeaderBytes..]);
            output.Advance(frame.Length);
            return;
        }

        WriteHeader(output.GetSpan(HeaderBytes), size);
        output.Advance(HeaderBytes);
        message.WriteTo(output);
    }

    /// <summary>Reads the header, when its five bytes are there.</summary>
    public static bool TryReadHeader(in ReadOnlySequence<byte> input, out byte flag, out uint length)
    {
        flag = 0;
        length = 0;
        if (input.Length < HeaderBytes)
            return false;
        Span<byte> header = stackalloc byte[HeaderBytes];
        input.Slice(0, HeaderBytes).CopyTo(header);
        flag = header[0];
        length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        return true;
    }

    private static void WriteHeader(Span<byte> target, int size)
    {
        target[0] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(target[1..], (uint)size);
    }
}
