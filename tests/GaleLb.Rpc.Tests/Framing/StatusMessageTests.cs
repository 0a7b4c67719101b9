using GaleLb.Rpc.Framing;

namespace GaleLb.Rpc.Tests.Framing;

public sealed class StatusMessageTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("plain words", "plain words")]
    [InlineData("100 %", "100 %25")]
    [InlineData("a\nb\t", "a%0Ab%09")]
    [InlineData("größer", "gr%C3%B6%C3%9Fer")]
    [InlineData("~ ", "~ ")]
    [InlineData("\u007f", "%7F")]
    public void Encode_Text_IsPercentEncodedUtf8AndComesBack(string text, string encoded)
    {
        StatusMessage.Encode(text).Should().Be(encoded);
        StatusMessage.Decode(encoded).Should().Be(text);
    }

    [Theory]
    [InlineData("%", "%")]
    [InlineData("%4", "%4")]
    [InlineData("%zz", "%zz")]
    [InlineData("a%4", "a%4")]
    [InlineData("%c3%b6", "ö")]
    public void Decode_Malformed_KeepsWhatItCannotRead(string encoded, string text) => StatusMessage.Decode(encoded).Should().Be(text);

    [Fact]
    public void Encode_VeryLong_IsCut() => StatusMessage.Encode(new string('x', 100_000)).Length.Should().BeLessThan(1100);
}
