using System.Net;
using System.Net.Sockets;

namespace GaleLb.Rpc.Tests.Support;

/// <summary>A loopback relay of one connection that can be cut with a reset, as a dying host or a firewall would.</summary>
public sealed class CuttableProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Socket _upstream = new(SocketType.Stream, ProtocolType.Tcp);
    private Socket? _client;

    public CuttableProxy(IPEndPoint target)
    {
        _listener.Start();
        _ = RelayAsync(target);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Cut()
    {
        if (_client is null)
            throw new InvalidOperationException("Nobody has connected.");
        _client.Close(timeout: 0);
        _upstream.Close(timeout: 0);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _client?.Dispose();
        _upstream.Dispose();
    }

    private async Task RelayAsync(IPEndPoint target)
    {
        _client = await _listener.AcceptSocketAsync();
        _client.NoDelay = _upstream.NoDelay = true;
        await _upstream.ConnectAsync(target);
        _ = CopyAsync(_client, _upstream);
        _ = CopyAsync(_upstream, _client);
    }

    private static async Task CopyAsync(Socket from, Socket to)
    {
        byte[] buffer = new byte[16_384];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and int read)
                await to.SendAsync(buffer.AsMemory(0, read));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Cut.
        }
    }
}
