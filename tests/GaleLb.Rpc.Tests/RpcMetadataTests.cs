namespace GaleLb.Rpc.Tests;

public sealed class RpcMetadataTests
{
    [Theory]
    [InlineData("Upper")]
    [InlineData("grpc-status")]
    [InlineData("content-type")]
    [InlineData("with space")]
    [InlineData("")]
    [InlineData(":path")]
    public void Add_KeyThatCannotBeSent_IsRefused(string key)
    {
        Action add = () => new RpcMetadata().Add(key, "value");

        add.Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Add_LineBreakInAValue_IsRefused()
    {
        Action add = () => new RpcMetadata().Add("key", "a\r\nb");

        add.Should().Throw<ArgumentException>();
    }

    [Theory]
    [InlineData("AA==", new byte[] { 0 })]
    [InlineData("AA", new byte[] { 0 })]
    [InlineData("", new byte[0])]
    [InlineData("!", null)]
    public void GetBytes_FromTheWire_AcceptsMissingPadding(string wire, byte[]? bytes)
    {
        RpcMetadata metadata = new();
        metadata.Append("k-bin", wire);

        metadata.GetBytes("k-bin").Should().BeEquivalentTo(bytes, options => options.WithStrictOrdering());
    }

    [Fact]
    public void Empty_AddedTo_IsRefused()
    {
        Action add = () => RpcMetadata.Empty.Add("k", "v");

        add.Should().Throw<InvalidOperationException>();
    }
}
