using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GaleLb.Bench.Raft;

/// <summary>
/// One HTTP/1.1 connection that sends prepared bytes and reads one answer at a time: as little as both servers need, so that
/// two cores are left to them.
/// </summary>
internal sealed class HttpConnection(IPEndPoint to) : IDisposable
{
    private static readonly byte[] HeadEnd = "\r\n\r\n"u8.ToArray();
    private static readonly byte[] ChunksEnd = "0\r\n\r\n"u8.ToArray();
    private readonly byte[] _buffer = new byte[64 << 10];
    private readonly Socket _socket = new(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    public async Task ConnectAsync(CancellationToken cancellation) => await _socket.ConnectAsync(to, cancellation);

    /// <summary>Sends a request and returns the status and the body of its answer.</summary>
    /// <exception cref="IOException">The server closed the connection, or what it answers is not understood.</exception>
    public async ValueTask<(int Status, ReadOnlyMemory<byte> Body)> CallAsync(ReadOnlyMemory<byte> request, CancellationToken cancellation)
    {
        await _socket.SendAsync(request, cancellation);
        int used = 0;
        while (true)
        {
            int read = await _socket.ReceiveAsync(_buffer.AsMemory(used), cancellation);
            if (read == 0)
                throw new IOException($"{to} closed the connection.");
            used += read;
            int head = _buffer.AsSpan(0, used).IndexOf(HeadEnd);
            if (head < 0)
                continue;
            int start = head + HeadEnd.Length;
            if (Length(Encoding.ASCII.GetString(_buffer, 0, head)) is { } length ? used - start < length : !_buffer.AsSpan(start, used - start).EndsWith(ChunksEnd))
                continue;
            return (int.Parse(_buffer.AsSpan("HTTP/1.1 ".Length, 3)), _buffer.AsMemory(start, used - start));
        }
    }

    public void Dispose() => _socket.Dispose();

    public static byte[] Request(string method, string path, string headers, string body) => Encoding.ASCII.GetBytes(
        $"{method} {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n{headers}Content-Length: {body.Length}\r\n\r\n{body}");

    /// <summary>Of the body, or null where it comes in chunks.</summary>
    private static int? Length(string head)
    {
        foreach (string line in head.Split("\r\n"))
            if (line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
                return int.Parse(line.AsSpan("Content-Length:".Length));
        return head.Contains("chunked", StringComparison.OrdinalIgnoreCase) ? null : throw new IOException($"Neither a length nor chunks: {head}");
    }
}
