using System.Collections.Immutable;
using System.Net;
using GaleLb.Configuration.Options;
using GaleLb.DataPlane.Decapsulation;
using GaleLb.Node.Forwarding;
using GaleLb.Node.Hosting;
using GaleLb.Node.Tests.Support;
using GaleLb.Testing;

namespace GaleLb.Node.Tests.Forwarding;

public sealed class TunnelEndTests
{
    private static readonly IPAddress Own = IPAddress.Parse("10.0.0.11");
    private static readonly IPAddress OwnLater = IPAddress.Parse("10.1.0.11");
    private static readonly ImmutableArray<IPAddress> Vips = [IPAddress.Parse("203.0.113.10"), IPAddress.Parse("2001:db8::10")];
    private static readonly TunnelDevice IPv4Tunnel = new("ipip0", "ipip", IsUp: true, Protocol: 4, Local: null, Remote: null);
    private static readonly TunnelDevice IPv6Tunnel = new("sit0", "sit", IsUp: true, Protocol: 41, Local: null, Remote: null);

    private readonly FakeHostNetwork _network = new()
    {
        Settings = { ["net/ipv4/conf/all/rp_filter"] = 0, ["net/ipv4/conf/eth0/rp_filter"] = 0, ["net/ipv4/conf/eth1/rp_filter"] = 0 },
    };

    private readonly FakeTunnelHost _host = new() { Interfaces = { [Own] = "eth0", [OwnLater] = "eth1" } };
    private readonly StringWriter _output = new();

    [Theory]
    [InlineData(NodeForwardingMode.None)]
    [InlineData(NodeForwardingMode.L2)]
    public void Hold_OtherModes_DoesNothing(NodeForwardingMode mode)
    {
        using TunnelEnd end = Create(mode: mode);

        end.Hold(Own, Vips);

        _host.Steps.Should().BeEmpty();
    }

    [Fact]
    public void Hold_NoServices_DoesNothing()
    {
        using TunnelEnd end = Create();

        end.Hold(Own, []);

        _host.Steps.Should().BeEmpty();
    }

    [Fact]
    public void Hold_ThenDispose_AttachesWhereTheOwnAddressIsAndDetaches()
    {
        TunnelEnd end = Create();

        end.Hold(Own, Vips);
        end.Hold(Own, Vips);
        end.Dispose();

        _host.Steps.Should().Equal("attach eth0", $"hold {Vips[0]} {Vips[1]} by {Own}", $"hold {Vips[0]} {Vips[1]} by {Own}", "detach eth0");
        _output.ToString().Should().Contain("no longer unwrapping on eth0: 3 packets unwrapped");
    }

    [Fact]
    public void Hold_OwnAddressElsewhere_MovesTheProgram()
    {
        using TunnelEnd end = Create();
        end.Hold(Own, Vips);
        _host.Steps.Clear();

        end.Hold(OwnLater, Vips);

        _host.Steps.Should().Equal("detach eth0", "attach eth1", $"hold {Vips[0]} {Vips[1]} by {OwnLater}");
    }

    [Fact]
    public void Hold_TunnelDevicesForEveryFamily_LeavesItToThem()
    {
        _host.Tunnels.AddRange([IPv4Tunnel, IPv6Tunnel]);
        using TunnelEnd end = Create();

        end.Hold(Own, Vips);

        _host.Steps.Should().BeEmpty();
        _output.ToString().Should().Contain("are unwrapped by ipip0 and sit0");
    }

    [Fact]
    public void Hold_ATunnelDeviceForOneFamilyOnly_AttachesForBoth()
    {
        _host.Tunnels.Add(IPv4Tunnel);
        using TunnelEnd end = Create();

        end.Hold(Own, Vips);

        _host.Steps.Should().Contain("attach eth0");
    }

    [Theory]
    [InlineData(NodeDecapsulation.Xdp, "attach eth0")]
    [InlineData(NodeDecapsulation.Tc, "attach eth0 in TC")]
    public void Hold_DecapsulationByTheProgram_AttachesItBesideTunnelDevices(NodeDecapsulation decapsulation, string step)
    {
        _host.Tunnels.AddRange([IPv4Tunnel, IPv6Tunnel]);
        using TunnelEnd end = Create(decapsulation);

        end.Hold(Own, Vips);

        _host.Steps.Should().Contain(step);
    }

    [Fact]
    public void Hold_DecapsulationKernelWithoutADevice_SaysWhatIsMissing()
    {
        _host.Tunnels.Add(IPv4Tunnel);
        using TunnelEnd end = Create(NodeDecapsulation.Kernel);

        end.Invoking(e => e.Hold(Own, Vips)).Should().Throw<HostNetworkException>()
            .WithMessage("forwarding.decapsulation is \"kernel\", but no tunnel device that is up takes IPv6 inside IPv4 for 10.0.0.11*there are ipip0*");
        _host.Steps.Should().BeEmpty();
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(0, 1)]
    public void Hold_StrictReversePath_IsLoosenedUntilTheEnd(int all, int own)
    {
        _network.Settings["net/ipv4/conf/all/rp_filter"] = all;
        _network.Settings["net/ipv4/conf/eth0/rp_filter"] = own;
        TunnelEnd end = Create();

        end.Hold(Own, Vips);
        _network.Settings["net/ipv4/conf/eth0/rp_filter"].Should().Be(2);
        end.Dispose();

        _network.Settings["net/ipv4/conf/eth0/rp_filter"].Should().Be(own);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(2, 1)]
    public void Hold_NoStrictReversePath_LeavesItAlone(int all, int own)
    {
        _network.Settings["net/ipv4/conf/all/rp_filter"] = all;
        _network.Settings["net/ipv4/conf/eth0/rp_filter"] = own;
        using TunnelEnd end = Create();

        end.Hold(Own, Vips);

        _network.Steps.Should().BeEmpty();
    }

    [Fact]
    public void Hold_OwnAddressOnNoInterface_IsRefused()
    {
        using TunnelEnd end = Create();

        end.Invoking(e => e.Hold(IPAddress.Parse("10.9.9.9"), Vips)).Should().Throw<HostNetworkException>();
    }

    private TunnelEnd Create(NodeDecapsulation decapsulation = NodeDecapsulation.Auto, NodeForwardingMode mode = NodeForwardingMode.L3) =>
        new(new NodeForwardingOptions(mode, [], "lo", decapsulation), _network, _host, new NodeLog(_output, new ManualTime()));
}
