using System.Net;
using GaleLb.Configuration.Options;
using GaleLb.Node.Forwarding;
using GaleLb.Node.Hosting;
using GaleLb.Node.Tests.Support;
using GaleLb.Rpc.V1;
using GaleLb.Testing;

namespace GaleLb.Node.Tests.Forwarding;

public sealed class ServiceAddressesTests
{
    private static readonly IPAddress VipOne = IPAddress.Parse("203.0.113.10");
    private static readonly IPAddress VipTwo = IPAddress.Parse("203.0.113.20");
    private static readonly IPAddress VipSix = IPAddress.Parse("2001:db8::10");
    private static readonly ServiceConfig[] Services =
    [
        new() { Name = "web", Forwarding = "l2", Addresses = { "203.0.113.10", "2001:db8::10" } },
        new() { Name = "mail", Forwarding = "l2", Addresses = { "203.0.113.20", "203.0.113.10" } },
        new() { Name = "far", Forwarding = "l3", Addresses = { "203.0.113.30" } },
        new() { Name = "nat", Forwarding = "l4" },
    ];

    private readonly FakeHostNetwork _network = new();
    private readonly StringWriter _output = new();

    [Fact]
    public void Wanted_ModeNone_IsNothing() => ServiceAddresses.Wanted(Options(NodeForwardingMode.None), Services).Should().BeEmpty();

    [Fact]
    public void Wanted_ModeL2_IsEachAddressOfL2ServicesOnce() =>
        ServiceAddresses.Wanted(Options(), Services).Should().Equal(VipOne, VipSix, VipTwo);

    [Fact]
    public void Wanted_ModeL3_IsThatOfL3ServicesAsWell() =>
        ServiceAddresses.Wanted(Options(NodeForwardingMode.L3), Services).Should().Equal(VipOne, VipSix, VipTwo, IPAddress.Parse("203.0.113.30"));

    [Fact]
    public void Wanted_AddressesInTheFile_AreThose() =>
        ServiceAddresses.Wanted(Options(addresses: [VipTwo]), Services).Should().Equal(VipTwo);

    [Fact]
    public void Wanted_AReplicasOwnAddress_IsLeftOut() =>
        ServiceAddresses.Wanted(Options() with { LoadBalancers = [new LoadBalancerAddress("203.0.113.10", 7070)] }, Services).Should().Equal(VipSix, VipTwo);

    [Fact]
    public void Hold_First_SilencesArpBeforeTheAddressIsThere()
    {
        using ServiceAddresses held = Create();

        held.Hold([VipOne]);

        _network.Steps.Should().Equal("arp_ignore=1", "arp_announce=2", "add 203.0.113.10 lo");
    }

    [Fact]
    public void Dispose_AfterHold_LeavesTheHostAsItWas()
    {
        ServiceAddresses held = Create();
        held.Hold([VipOne, VipSix]);
        _network.Steps.Clear();

        held.Dispose();

        _network.Steps.Should().Equal("remove 2001:db8::10 lo", "remove 203.0.113.10 lo", "arp_ignore=0", "arp_announce=0");
        _network.Addresses.Should().BeEmpty();
    }

    [Fact]
    public void Dispose_WhatWasThereBefore_Stays()
    {
        _network.Addresses.Add((VipOne, "lo"));
        _network.Settings["net/ipv4/conf/all/arp_ignore"] = 8;
        ServiceAddresses held = Create();
        held.Hold([VipOne]);

        held.Dispose();

        _network.Addresses.Should().Equal((VipOne, "lo"));
        _network.Settings["net/ipv4/conf/all/arp_ignore"].Should().Be(8);
        _network.Settings["net/ipv4/conf/all/arp_announce"].Should().Be(0);
    }

    [Fact]
    public void Dispose_SettingChangedMeanwhile_StaysChanged()
    {
        ServiceAddresses held = Create();
        held.Hold([VipOne]);
        _network.Settings["net/ipv4/conf/all/arp_ignore"] = 2;

        held.Dispose();

        _network.Settings["net/ipv4/conf/all/arp_ignore"].Should().Be(2);
    }

    [Fact]
    public void Hold_Changed_AddsAndRemovesOnlyTheDifference()
    {
        using ServiceAddresses held = Create();
        held.Hold([VipOne]);
        _network.Steps.Clear();

        held.Hold([VipTwo]);
        held.Hold([VipTwo]);

        _network.Steps.Should().Equal("add 203.0.113.20 lo", "remove 203.0.113.10 lo");
    }

    [Fact]
    public void Hold_RefusedHalfWay_DisposeTakesBackWhatWasDone()
    {
        _network.Refused = VipTwo;
        ServiceAddresses held = Create();
        held.Invoking(h => h.Hold([VipOne, VipTwo])).Should().Throw<HostNetworkException>();

        held.Dispose();

        _network.Addresses.Should().BeEmpty();
        _network.Settings.Values.Should().OnlyContain(value => value == 0);
    }

    private ServiceAddresses Create() => new(Options(), _network, new NodeLog(_output, new ManualTime()));

    private static NodeOptions Options(NodeForwardingMode mode = NodeForwardingMode.L2, IPAddress[]? addresses = null) =>
        TestOptions.Create() with { Forwarding = new NodeForwardingOptions(mode, [.. addresses ?? []], "lo") };
}
