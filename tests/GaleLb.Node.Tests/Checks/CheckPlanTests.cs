using System.Net;
using GaleLb.Configuration.Options;
using GaleLb.Node.Checks;
using GaleLb.Node.Tests.Support;
using GaleLb.Rpc.V1;

namespace GaleLb.Node.Tests.Checks;

public sealed class CheckPlanTests
{
    private static readonly IPAddress NodeOne = IPAddress.Parse("192.0.2.11");
    private static readonly ServiceConfig[] Services =
    [
        new() { Name = "web", Protocol = "tcp", Port = 80, TargetPort = 8080 },
        new() { Name = "mail", Protocol = "tcp", Port = 25, TargetPort = 2525 },
        new() { Name = "dns", Protocol = "udp", Port = 53, TargetPort = 5353 },
    ];

    [Fact]
    public void Ports_NothingConfigured_AreTheTargetPortsOfTcpServices() =>
        CheckPlan.Ports(TestOptions.Create(), Services, NodeOne).Should().Equal(
            new PortTarget("mail", new IPEndPoint(NodeOne, 2525)), new PortTarget("web", new IPEndPoint(NodeOne, 8080)));

    [Fact]
    public void Ports_ServicesNamed_AreOnlyTheirs() =>
        CheckPlan.Ports(TestOptions.Create(services: ["web", "dns"]), Services, NodeOne).Should().Equal(new PortTarget("web", new IPEndPoint(NodeOne, 8080)));

    [Fact]
    public void Ports_ServicePortGiven_IsThatOne() =>
        CheckPlan.Ports(TestOptions.Create(servicePort: 9000), Services, NodeOne).Should().Equal(new PortTarget("", new IPEndPoint(NodeOne, 9000)));

    [Fact]
    public void Ports_TcpCheckGiven_WinsOverTheServicePort() =>
        CheckPlan.Ports(TestOptions.Create(servicePort: 9000, tcp: new TcpCheckTarget(IPAddress.Loopback, 9001)), Services, NodeOne)
            .Should().Equal(new PortTarget("", new IPEndPoint(IPAddress.Loopback, 9001)));

    [Fact]
    public void Ports_UdpAlone_AreNone() => CheckPlan.Ports(TestOptions.Create(services: ["dns"]), Services, NodeOne).Should().BeEmpty();
}
