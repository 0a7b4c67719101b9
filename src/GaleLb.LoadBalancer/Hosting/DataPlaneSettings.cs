using System.Collections.Immutable;
using System.Net;
using GaleLb.Configuration.Options;
using GaleLb.DataPlane;
using GaleLb.Raft;
using File = GaleLb.Configuration.Options;

namespace GaleLb.LoadBalancer.Hosting;

/// <summary>Binds the section [data_plane] to this machine: interfaces, own addresses, own ports, member id.</summary>
internal static class DataPlaneSettings
{
    public static DataPlane.DataPlaneOptions Of(
        LoadBalancerOptions options, MemberId self, LocalInterface publicSide, ImmutableArray<ushort> controlPorts)
    {
        File.DataPlaneOptions section = options.DataPlane;
        return new DataPlane.DataPlaneOptions
        {
            MemberId = self.ToString(),
            PublicInterface = options.PublicInterface.InterfaceName,
            PrivateInterface = options.PrivateInterface.InterfaceName,
            SelfAddresses = [.. publicSide.Addresses.Select(a => a.Address)],
            XdpMode = section.XdpMode switch
            {
                File.XdpMode.Auto => DataPlane.XdpMode.Auto,
                File.XdpMode.Native => DataPlane.XdpMode.Native,
                File.XdpMode.Generic => DataPlane.XdpMode.Generic,
                File.XdpMode.Tc => DataPlane.XdpMode.Tc,
                _ => DataPlane.XdpMode.Off,
            },
            EstablishedFlows = (uint)section.EstablishedFlows,
            HalfOpenFlows = (uint)section.HalfOpenFlows,
            Timeouts = Timeouts(section.Timeouts),
            SourceNat = section.SourceNat,
            SourceAddresses = section.SourceAddresses,
            ClampMss = section.ClampMss,
            OnNodeFailure = section.OnNodeFailure == File.OnNodeFailure.Drop ? RefusalPolicy.Drop : RefusalPolicy.Reset,
            OnNoNodes = section.OnNoNodes == File.OnNoNodes.Drop ? RefusalPolicy.Drop : RefusalPolicy.Reset,
            OnExit = section.OnExit == File.OnExit.Keep ? ExitPolicy.Keep : ExitPolicy.Detach,
            DeadMan = section.DeadMan,
            ProtectedPorts = section.ProtectedPorts,
            ControlPorts = controlPorts,
            PinPath = $"{section.PinPath.TrimEnd('/')}/{self}",
        };
    }

    private static DataPlane.FlowTimeoutOptions Timeouts(File.FlowTimeoutOptions section) => new()
    {
        SynSent = section.TcpHalfOpen,
        SynReceived = section.TcpHalfOpen,
        Established = section.TcpEstablished,
        Fin = section.TcpClosing,
        TimeWait = section.TcpTimeWait,
        Closed = section.TcpReset,
        Udp = section.Udp,
        UdpOneWay = section.UdpOneWay,
    };
}
