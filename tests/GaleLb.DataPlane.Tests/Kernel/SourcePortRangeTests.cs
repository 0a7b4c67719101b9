using GaleLb.DataPlane.Kernel;

namespace GaleLb.DataPlane.Tests.Kernel;

public sealed class SourcePortRangeTests
{
    private static readonly PortRange Ephemeral = new(32768, 60999);

    [Fact]
    public void Choose_NothingAsked_TakesTheWidestFreeRange() =>
        SourcePortRange.Choose(null, null, Local(5432, 8080), [7070]).Should().Be(new PortRange(8081, 32767));

    [Fact]
    public void Choose_FormerStillFree_IsKept() =>
        SourcePortRange.Choose(null, new PortRange(10000, 20000), Local(), []).Should().Be(new PortRange(10000, 20000));

    [Fact]
    public void Choose_FormerNoLongerFree_IsReplaced() =>
        SourcePortRange.Choose(null, new PortRange(10000, 20000), Local(15000), []).Should().Be(new PortRange(15001, 32767));

    [Theory]
    [InlineData(32000, 33000, "source ports 32000-33000: the range overlaps this machine's own ephemeral ports 32768-60999*")]
    [InlineData(8000, 9000, "source ports 8000-9000: the range contains 8080, on which something listens")]
    [InlineData(10, 9000, "source ports 10-9000: expected FIRST-LAST from 1024 to 65535")]
    [InlineData(9000, 8000, "source ports 9000-8000: expected *")]
    public void Choose_RangeThatIsTaken_IsRefused(int first, int last, string message)
    {
        Action choose = () => SourcePortRange.Choose(new PortRange((ushort)first, (ushort)last), null, Local(8080), []);
        choose.Should().Throw<DataPlaneException>().WithMessage(message);
    }

    [Fact]
    public void Choose_WhereNothingIsFree_SaysWhatToNarrow()
    {
        SourcePortRange.LocalPorts full = new(new PortRange(1024, 65000), []);
        Action choose = () => SourcePortRange.Choose(null, null, full, []);
        choose.Should().Throw<DataPlaneException>().WithMessage("no 1024 adjacent ports*1024-65000*");
    }

    [Fact]
    public void ParseSockets_OfProcNetTcp_GivesListeningPortsOfBothFamilies()
    {
        const string Text = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
               1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0 20 4 30 10 -1
               2: 00000000000000000000000000000000:15B3 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 0 0 0 1
            """;
        SourcePortRange.ParseSockets(Text, "0A").Should().Equal(8080, 5555);
    }

    [Fact]
    public void ParseEphemeral_OfProc_GivesBothEnds() => SourcePortRange.ParseEphemeral("32768\t60999\n").Should().Be(Ephemeral);

    private static SourcePortRange.LocalPorts Local(params ushort[] listening) => new(Ephemeral, listening);
}
