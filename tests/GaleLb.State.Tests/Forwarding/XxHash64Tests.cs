using System.Text;
using GaleLb.State.Forwarding;

namespace GaleLb.State.Tests.Forwarding;

public sealed class XxHash64Tests
{
    [Theory]
    [InlineData("", 0, 0xEF46DB3751D8E999)]
    [InlineData("a", 0, 0xD24EC4F1A98C6E5B)]
    [InlineData("abc", 0, 0x44BC2CF5AD770999)]
    [InlineData("Nobody inspects the spammish repetition", 0, 0xFBCEA83C8A378BF1)]
    public void Of_KnownInput_GivesThePublishedValue(string text, ulong seed, ulong expected) =>
        XxHash64.Of(Encoding.UTF8.GetBytes(text), seed).Should().Be(expected);
}
