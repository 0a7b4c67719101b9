using System.Net;
using System.Net.Sockets;

namespace GaleLb.Cli.Tests;

/// <summary>A loopback port that nobody listens on, held so that nobody else takes it.</summary>
internal sealed class ClosedPort : IDisposable
{
    private readonly Socket _holder = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public ClosedPort() => _holder.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    public string Url => $"http://{_holder.LocalEndPoint}";

    public void Dispose() => _holder.Dispose();
}
