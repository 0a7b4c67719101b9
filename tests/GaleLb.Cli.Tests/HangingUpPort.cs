using System.Net;
using System.Net.Sockets;

namespace GaleLb.Cli.Tests;

/// <summary>A replica that dies after it took a request and before it answered.</summary>
internal sealed class HangingUpPort : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _loop;
    private int _requests;

    public HangingUpPort()
    {
        _listener.Start();
        _loop = TakeRequestsAsync();
    }

    public string Url => $"http://{_listener.LocalEndpoint}";

    public int Requests => Volatile.Read(ref _requests);

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _loop;
        _listener.Dispose();
    }

    private async Task TakeRequestsAsync()
    {
        byte[] request = new byte[4096];
        while (true)
        {
            try
            {
                using TcpClient client = await _listener.AcceptTcpClientAsync();
                if (await client.GetStream().ReadAsync(request) > 0)
                {
                    Interlocked.Increment(ref _requests);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }
}
