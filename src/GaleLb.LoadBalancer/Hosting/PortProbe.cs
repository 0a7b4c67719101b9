using System.Net;
using System.Net.Sockets;

namespace GaleLb.LoadBalancer.Hosting;

/// <summary>Finds out whether ports are free before anything of the machine's network is changed.</summary>
internal static class PortProbe
{
    /// <exception cref="StartException">Taken, or not this machine's; the message names the key.</exception>
    public static void Check(string key, IEnumerable<IPEndPoint> endpoints)
    {
        foreach (IPEndPoint endpoint in endpoints)
        {
            using Socket socket = new(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                if (endpoint.AddressFamily == AddressFamily.InterNetworkV6)
                    socket.DualMode = false;
                socket.Bind(endpoint);
                socket.Listen(1);
            }
            catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                throw new StartException($"{key} = {endpoint.Port}: {endpoint} is in use by another process; ss -ltnp tells which.", error);
            }
            catch (SocketException error)
            {
                throw new StartException($"{key} = {endpoint.Port}: cannot listen on {endpoint}: {error.Message}.", error);
            }
        }
    }
}
