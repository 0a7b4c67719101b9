using System.Collections.Immutable;
using System.Net;
using GaleLb.DataPlane;
using GaleLb.DataPlane.Decapsulation;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;
using GaleLb.DataPlane.Netlink;

namespace GaleLb.Node.Forwarding;

/// <summary>This host, by netlink and libbpf, in the network namespace of the calling thread.</summary>
internal sealed class KernelTunnelHost : ITunnelHost
{
    private const string Loopback = "lo";

    public ImmutableArray<TunnelDevice> Devices() => Try(() =>
    {
        ImmutableArray<TunnelDevice>.Builder devices = ImmutableArray.CreateBuilder<TunnelDevice>();
        using NetlinkSocket socket = NetlinkSocket.Open();
        socket.Request(
            NetlinkRequests.DumpLinks(),
            (in NetlinkMessage message) =>
            {
                if (message.Type == NetlinkType.NewLink && TunnelDevice.Parse(message.Payload) is { } device)
                    devices.Add(device);
            },
            "list the tunnel devices");
        return devices.ToImmutable();
    });

    public string InterfaceOf(IPAddress address) => Try(() =>
    {
        NetworkSnapshot present = Read();
        string? name = present.Addresses.Where(a => a.Address.Equals(address)).Select(a => present.Find(a.Ifindex)?.Name).FirstOrDefault();
        return name switch
        {
            null => throw new HostNetworkException($"the node's address {address} is on no interface of this host, so that l3 packets have none to come in by; set node.ip"),
            Loopback => throw new HostNetworkException($"the node's address {address} is on {Loopback}, where no l3 packets come in; set node.ip to that of the interface towards the replicas"),
            _ => name,
        };
    });

    public IUnwrapper Attach(string device, bool isInTc) => Try(() =>
    {
        Link link = Read().Find(device) ?? throw new HostNetworkException($"interface {device} has gone");
        List<string> warnings = [];
        return new Unwrapper(Decapsulator.Attach(link, isInTc, warnings), device, warnings);
    });

    private static NetworkSnapshot Read()
    {
        using NetlinkSocket socket = NetlinkSocket.Open();
        return NetworkSnapshot.Read(socket);
    }

    private static T Try<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (DllNotFoundException e)
        {
            throw new HostNetworkException("forwarding.mode \"l3\" needs libbpf.so.1 (package libbpf1)", e);
        }
        catch (Exception e) when (e is DataPlaneException or BpfException)
        {
            throw new HostNetworkException($"forwarding.mode \"l3\" cannot be set up: {e.Message}", e);
        }
    }

    private sealed class Unwrapper(Decapsulator program, string device, List<string> warnings) : IUnwrapper
    {
        public string Description => $"on {device}, {Place(program.Mode)}{string.Concat(warnings.Select(w => $"; {w}"))}";

        public void Hold(IPAddress own, ImmutableArray<IPAddress> services) => Try(() =>
        {
            program.Hold(own, services);
            return 0;
        });

        public string Count() => Try(() => string.Join(", ", program.ReadPackets()
            .Where(count => count.Key == GaleNodeOutcome.Unwrapped || count.Value > 0)
            .Select(count => $"{count.Value} packets {Words(count.Key)}")));

        public void Dispose() => program.Dispose();

        private static string Place(XdpMode mode) => mode switch
        {
            XdpMode.Native => "native XDP",
            XdpMode.Tc => "TC",
            _ => "generic XDP",
        };

        private static string Words(GaleNodeOutcome outcome) => outcome switch
        {
            GaleNodeOutcome.Passed => "of others",
            GaleNodeOutcome.Unwrapped => "unwrapped",
            GaleNodeOutcome.PassedUnheld => "for no held service address",
            GaleNodeOutcome.PassedFragment => "in fragments",
            GaleNodeOutcome.PassedMalformed => "malformed",
            GaleNodeOutcome.DroppedCongested => "dropped for congestion",
            _ => outcome.ToString(),
        };
    }
}
