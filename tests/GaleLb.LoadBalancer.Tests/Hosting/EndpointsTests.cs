using System.Net;
using GaleLb.Configuration.Options;
using GaleLb.LoadBalancer.Hosting;

namespace GaleLb.LoadBalancer.Tests.Hosting;

/// <summary>Where a replica listens and whom it takes itself for, from its file and its interface.</summary>
public sealed class EndpointsTests
{
    private static readonly IPAddress ReplicaOne = IPAddress.Parse("10.98.2.1");
    private static readonly LocalInterface PrivateSide = new("priv", [new LocalAddress(ReplicaOne, 24)]);

    [Fact]
    public void Of_TwoInterfaces_ListensOnThePrivateAddressAndRestOnLoopbackToo()
    {
        LoadBalancerOptions options = SampleOptions.Of("priv", "pub");

        Endpoints endpoints = Endpoints.Of(options, PrivateSide, new IPEndPoint(ReplicaOne, 9090));

        endpoints.Node.Should().Equal(new IPEndPoint(ReplicaOne, 7070));
        endpoints.Peer.Should().Equal(new IPEndPoint(ReplicaOne, 9090));
        endpoints.Api.Should().Equal(new IPEndPoint(IPAddress.Loopback, 5555), new IPEndPoint(ReplicaOne, 5555));
        endpoints.ControlPorts.Should().Equal((ushort)5555, (ushort)7070, (ushort)9090);
    }

    [Fact]
    public void Of_OneInterfaceWithoutToken_KeepsRestOnLoopbackAndSaysSo()
    {
        LoadBalancerOptions options = SampleOptions.Of("priv", "priv");

        Endpoints endpoints = Endpoints.Of(options, PrivateSide, new IPEndPoint(ReplicaOne, 9090));

        endpoints.Api.Should().Equal(new IPEndPoint(IPAddress.Loopback, 5555));
        endpoints.Warnings.Should().Contain(w => w.Contains("api_token_file", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_ListEntryWithAnotherPort_ListensOnBothAndSaysSo()
    {
        LoadBalancerOptions options = SampleOptions.Of("priv", "pub");

        Endpoints endpoints = Endpoints.Of(options, PrivateSide, new IPEndPoint(ReplicaOne, 8081));

        endpoints.Peer.Should().Equal(new IPEndPoint(ReplicaOne, 9090), new IPEndPoint(ReplicaOne, 8081));
        endpoints.Warnings.Should().Contain(w => w.Contains("8081", StringComparison.Ordinal) && w.Contains("9090", StringComparison.Ordinal));
    }

    [Fact]
    public void Find_ListWithoutThisMachine_NamesTheListAndTheAddressesItHas()
    {
        LoadBalancerOptions options = SampleOptions.Of("priv", "pub");
        LocalInterface stranger = new("priv", [new LocalAddress(IPAddress.Parse("10.98.2.77"), 24)]);

        Action find = () => ReplicaIdentity.Find(options, stranger);

        find.Should().Throw<StartException>().WithMessage("*load_balancer_quorum.addresses*10.98.2.1:9090*10.98.2.77*");
    }

    [Fact]
    public void Find_ListWithThisMachine_KnowsItselfByItsEntry()
    {
        ReplicaIdentity identity = ReplicaIdentity.Find(SampleOptions.Of("priv", "pub"), PrivateSide);

        identity.Address.Should().Be("10.98.2.1:9090");
        identity.Peers.Should().Equal("10.98.2.1:9090", "10.98.2.2:9090", "10.98.2.3:9090");
        identity.ApiAddress.Should().Be("10.98.2.1:5555");
    }

    [Theory]
    [InlineData("10.98.2.1", 24, "10.98.2.0/24")]
    [InlineData("10.98.2.129", 25, "10.98.2.128/25")]
    [InlineData("fd98:2::1", 64, "fd98:2::/64")]
    [InlineData("192.0.2.7", 32, "192.0.2.7/32")]
    public void Subnet_OfAnAddress_HasNoHostBits(string address, int prefix, string subnet) =>
        new LocalAddress(IPAddress.Parse(address), prefix).Subnet.Should().Be(IPNetwork.Parse(subnet));
}
