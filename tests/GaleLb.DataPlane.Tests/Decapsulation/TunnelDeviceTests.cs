using System.Net;
using System.Text;
using GaleLb.DataPlane.Decapsulation;

namespace GaleLb.DataPlane.Tests.Decapsulation;

public sealed class TunnelDeviceTests
{
    private static readonly IPAddress OwnFour = IPAddress.Parse("10.0.0.11");
    private static readonly IPAddress OwnSix = IPAddress.Parse("fd00::11");

    [Fact]
    public void Parse_AnIpipDevice_HasItsEnds() =>
        TunnelDevice.Parse(LinkMessage("tun4", "ipip", 1, Attribute(2, OwnFour.GetAddressBytes()), Attribute(3, [10, 0, 0, 1]), Attribute(9, [4])))
            .Should().Be(new TunnelDevice("tun4", "ipip", IsUp: true, 4, OwnFour, IPAddress.Parse("10.0.0.1")));

    [Fact]
    public void Parse_AddressesOfZeroes_AreNone() =>
        TunnelDevice.Parse(LinkMessage("ip6tnl0", "ip6tnl", 0, Attribute(2, new byte[16]), Attribute(3, new byte[16]), Attribute(9, [0])))
            .Should().Be(new TunnelDevice("ip6tnl0", "ip6tnl", IsUp: false, 0, null, null));

    [Theory]
    [InlineData("veth")]
    [InlineData("gre")]
    public void Parse_AnotherKindOfLink_IsNone(string kind) => TunnelDevice.Parse(LinkMessage("eth0", kind, 1)).Should().BeNull();

    [Fact]
    public void Parse_CutShortAtAnyLength_DoesNotThrow()
    {
        byte[] whole = LinkMessage("tun4", "ipip", 1, Attribute(2, OwnFour.GetAddressBytes()));
        for (int length = 0; length < whole.Length; length++) TunnelDevice.Parse(whole.AsSpan(0, length));
    }

    [Theory]
    [InlineData("ipip", 4, true, false)]
    [InlineData("sit", 41, false, true)]
    [InlineData("sit", 0, true, true)]
    [InlineData("ip6tnl", 0, false, false)]
    public void Takes_InsideIPv4_GoesByKindAndProtocol(string kind, byte protocol, bool takesFour, bool takesSix)
    {
        TunnelDevice device = new("tun", kind, IsUp: true, protocol, null, null);

        (device.Takes(OwnFour, isV6Inside: false), device.Takes(OwnFour, isV6Inside: true)).Should().Be((takesFour, takesSix));
    }

    [Theory]
    [InlineData("ip6tnl", 0, true, true)]
    [InlineData("ip6tnl", 41, false, true)]
    [InlineData("ip6tnl", 4, true, false)]
    [InlineData("ipip", 4, false, false)]
    public void Takes_InsideIPv6_GoesByKindAndProtocol(string kind, byte protocol, bool takesFour, bool takesSix)
    {
        TunnelDevice device = new("tun", kind, IsUp: true, protocol, null, null);

        (device.Takes(OwnSix, isV6Inside: false), device.Takes(OwnSix, isV6Inside: true)).Should().Be((takesFour, takesSix));
    }

    [Fact]
    public void Takes_DownOrOfOneSenderOrAtAnotherAddress_IsFalse()
    {
        TunnelDevice device = new("tun", "ipip", IsUp: true, 4, OwnFour, null);

        device.Takes(OwnFour, isV6Inside: false).Should().BeTrue();
        (device with { IsUp = false }).Takes(OwnFour, isV6Inside: false).Should().BeFalse();
        (device with { Remote = IPAddress.Parse("10.0.0.1") }).Takes(OwnFour, isV6Inside: false).Should().BeFalse();
        device.Takes(IPAddress.Parse("10.0.0.12"), isV6Inside: false).Should().BeFalse();
    }

    /// <summary>An RTM_NEWLINK without its header, as linux/if_link.h lays it out.</summary>
    private static byte[] LinkMessage(string name, string kind, uint flags, params byte[][] data)
    {
        byte[] head = new byte[16];
        BitConverter.GetBytes(flags).CopyTo(head, 8);
        byte[] info = [.. Attribute(1, Encoding.ASCII.GetBytes(kind + "\0")), .. Attribute(2, [.. data.SelectMany(d => d)])];
        return [.. head, .. Attribute(3, Encoding.ASCII.GetBytes(name + "\0")), .. Attribute(18, info)];
    }

    private static byte[] Attribute(ushort type, byte[] value)
    {
        byte[] attribute = new byte[(4 + value.Length + 3) & ~3];
        BitConverter.GetBytes((ushort)(4 + value.Length)).CopyTo(attribute, 0);
        BitConverter.GetBytes(type).CopyTo(attribute, 2);
        value.CopyTo(attribute, 4);
        return attribute;
    }
}
