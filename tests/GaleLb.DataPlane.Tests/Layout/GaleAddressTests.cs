using System.Net;
using GaleLb.DataPlane.Layout;

namespace GaleLb.DataPlane.Tests.Layout;

public sealed class GaleAddressTests
{
    [Theory]
    [InlineData("10.1.2.3", true)]
    [InlineData("2001:db8::7", false)]
    public void From_Address_RoundTrips(string text, bool ipv4)
    {
        GaleAddress address = GaleAddress.From(IPAddress.Parse(text));
        address.ToString().Should().Be(text);
        address.IsIPv4.Should().Be(ipv4);
    }

    [Fact]
    public void From_IPv4_IsMappedInNetworkOrder()
    {
        GaleAddress address = GaleAddress.From(IPAddress.Parse("10.1.2.3"));
        (address.Word[2].Host, address.Word[3].Host).Should().Be((0xFFFFu, 0x0A010203u));
    }

    [Fact]
    public void CompareTo_OrdersByNetworkOrderBytes()
    {
        GaleAddress low = GaleAddress.From(IPAddress.Parse("10.0.0.255"));
        GaleAddress high = GaleAddress.From(IPAddress.Parse("10.0.1.0"));
        (low < high).Should().BeTrue();
        (low == GaleAddress.From(IPAddress.Parse("10.0.0.255"))).Should().BeTrue();
    }

    [Fact]
    public void PortSet_Add_ContainsThatPortAlone()
    {
        GaleControlPorts ports = default;
        ports.Tcp.Add(7070);
        Enumerable.Range(0, 65536).Where(p => ports.Tcp.Contains((ushort)p)).Should().Equal(7070);
        ports.Udp.Contains(7070).Should().BeFalse();
    }
}
