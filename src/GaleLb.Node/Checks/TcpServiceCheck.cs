using System.Collections.Immutable;
using System.Net.Sockets;
using GaleLb.Node.Heartbeats;
using GaleLb.Rpc.V1;

namespace GaleLb.Node.Checks;

/// <summary>Passes when a connection opens to every port; when only some open, the others' services are named.</summary>
internal sealed class TcpServiceCheck(ImmutableArray<PortTarget> targets) : IServiceCheck
{
    public async Task<ServiceReport> CheckAsync(CancellationToken cancellationToken)
    {
        string?[] failures = await Task.WhenAll(targets.Select(target => ConnectAsync(target, cancellationToken)));
        if (failures.All(failure => failure is null))
            return ServiceReport.Serving;
        string detail = string.Join("; ", failures.Where(failure => failure is not null));
        return failures.All(failure => failure is not null)
            ? new ServiceReport(ServingStatus.NotServing, [], detail)
            : new ServiceReport(ServingStatus.Serving, [.. targets.Where((_, i) => failures[i] is not null).Select(target => target.Service)], detail);
    }

    private static async Task<string?> ConnectAsync(PortTarget target, CancellationToken cancellationToken)
    {
        using Socket socket = new(target.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(target.EndPoint, cancellationToken);
            return null;
        }
        catch (SocketException e)
        {
            return $"connecting to {target.EndPoint}: {e.Message}";
        }
    }
}
