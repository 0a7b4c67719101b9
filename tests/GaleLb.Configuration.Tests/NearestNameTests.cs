using GaleLb.Configuration.Schema;

namespace GaleLb.Configuration.Tests;

public sealed class NearestNameTests
{
    [Theory]
    [InlineData("checks_timeout", "checks_timeout", 0)]
    [InlineData("chekcs_timeout", "checks_timeout", 1)]
    [InlineData("check_timeout", "checks_timeout", 1)]
    [InlineData("prot", "port", 1)]
    [InlineData("", "port", 4)]
    [InlineData("kitten", "sitting", 3)]
    public void Distance_OfTwoNames_CountsEdits(string a, string b, int distance)
    {
        NearestName.Distance(a, b).Should().Be(distance);
        NearestName.Distance(b, a).Should().Be(distance);
    }

    [Theory]
    [InlineData("adress", "addresses")]
    [InlineData("ADDRESSES", "addresses")]
    [InlineData("host", "hostname")]
    [InlineData("prt", "port")]
    [InlineData("x", null)]
    [InlineData("weight", null)]
    public void Find_AmongKeys_SuggestsOnlyWhatIsClose(string written, string? expected)
    {
        NearestName.Find(written, ["ip", "hostname", "port", "addresses"]).Should().Be(expected);
    }

    [Fact]
    public void Find_OfAVeryLongName_SuggestsNothing()
    {
        NearestName.Find(new string('a', 1_000_000), ["addresses"]).Should().BeNull();
    }
}
