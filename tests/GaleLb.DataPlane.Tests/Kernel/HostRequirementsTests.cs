using GaleLb.DataPlane.Kernel;

namespace GaleLb.DataPlane.Tests.Kernel;

public sealed class HostRequirementsTests
{
    private const string Everything = "Name:\tx\nCapEff:\t000001ffffffffff\n";

    [Theory]
    [InlineData("5.10.0-21-amd64")]
    [InlineData("6.18.44-fc-v445")]
    [InlineData("7.3")]
    public void Check_KernelFromTheFloorUp_Passes(string release) => HostRequirements.Check(release, Everything);

    [Theory]
    [InlineData("5.9.16")]
    [InlineData("4.19.0-26-amd64")]
    public void Check_OlderKernel_IsRefused(string release)
    {
        Action check = () => HostRequirements.Check(release, Everything);
        check.Should().Throw<DataPlaneException>().WithMessage($"the kernel is {release}; the data plane needs 5.10 or newer*");
    }

    [Fact]
    public void CheckTcLink_OlderKernel_IsRefused()
    {
        HostRequirements.CheckTcLink(new Version(6, 6));
        Action check = () => HostRequirements.CheckTcLink(new Version(6, 1));
        check.Should().Throw<DataPlaneException>().WithMessage("decapsulation in TC needs kernel 6.6 or newer, this is 6.1; \"xdp\" does not");
    }

    [Theory]
    [InlineData("0000000000000000", "CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON missing")]
    [InlineData("0000000000001000", "CAP_BPF, CAP_PERFMON missing")]
    [InlineData("0000000000200000", "CAP_NET_ADMIN missing")]
    [InlineData("000000c000000000", "CAP_NET_ADMIN missing")]
    public void Check_MissingCapabilities_AreNamed(string effective, string message)
    {
        Action check = () => HostRequirements.Check("6.1.0", $"CapEff:\t{effective}\n");
        check.Should().Throw<DataPlaneException>().WithMessage($"*{message}*");
    }

    [Theory]
    [InlineData("0000000000201000")]
    [InlineData("000000c000001000")]
    public void Check_EnoughCapabilities_Pass(string effective) => HostRequirements.Check("6.1.0", $"CapEff:\t{effective}\n");
}
