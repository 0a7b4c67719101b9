using System.Net.Sockets;
using GaleLb.Configuration.Options;
using GaleLb.Rpc;

namespace GaleLb.Node.Heartbeats;

/// <summary>Words for a replica that could not be used.</summary>
internal static class ReplicaFailure
{
    public static string Describe(LoadBalancerAddress replica, RpcException failure)
    {
        for (Exception? cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
                return $"{replica} refused the connection: is gale-lb running there? Its default node_port is {LoadBalancerAddress.DefaultPort}.";
            if (cause is SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain })
                return $"{replica}: the name cannot be resolved: {cause.Message}";
            if (cause is SocketException { SocketErrorCode: SocketError.AddressNotAvailable })
                return $"{replica}: node.ip is not an address of this machine.";
        }
        return failure.Code switch
        {
            StatusCode.Unimplemented => $"{replica} does not serve nodes: expected gale-lb's node_port, by default {LoadBalancerAddress.DefaultPort}. ({failure.Status.Message})",
            StatusCode.DeadlineExceeded => $"{replica} did not answer in time.",
            _ => $"{replica}: {failure.Status}",
        };
    }
}
