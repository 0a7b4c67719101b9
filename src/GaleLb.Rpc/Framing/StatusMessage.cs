using System.Buffers;
using System.Globalization;
using System.Text;

namespace GaleLb.Rpc.Framing;

/// <summary>The percent-encoding of <c>grpc-message</c>: UTF-8 bytes outside printable ASCII, and the percent sign itself.</summary>
internal static class StatusMessage
{
    // Headers are bounded (Kestrel and most clients take 8 to 32 KiB in all): an exception's text must not lose the status itself.
    private const int MessageCharactersMax = 1024;

    public static string Encode(string message)
    {
        if (message.Length > MessageCharactersMax)
            message = string.Concat(message.AsSpan(0, MessageCharactersMax), "…");
        if (!message.AsSpan().ContainsAnyExceptInRange(' ', '~') && !message.Contains('%'))
            return message;
        StringBuilder encoded = new(message.Length + 16);
        foreach (byte value in Encoding.UTF8.GetBytes(message))
        {
            if (value is >= (byte)' ' and <= (byte)'~' and not (byte)'%')
                encoded.Append((char)value);
            else
                encoded.Append('%').Append(value.ToString("X2", CultureInfo.InvariantCulture));
        }
        return encoded.ToString();
    }

    /// <summary>What does not decode is kept as it came: a status must not be lost over its words.</summary>
    public static string Decode(string encoded)
    {
        if (!encoded.Contains('%'))
            return encoded;
        ArrayBufferWriter<byte> bytes = new(encoded.Length);
        for (int i = 0; i < encoded.Length; i++)
        {
            if (encoded[i] == '%' && i + 2 < encoded.Length
                && byte.TryParse(encoded.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value))
            {
                bytes.Write([value]);
                i += 2;
            }
            else
            {
                bytes.Write([(byte)encoded[i]]);
            }
        }
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }
}
