using System.Net;
using GaleLb.Rpc.Client;
using static GaleLb.Rpc.Tests.Support.EchoServer;

namespace GaleLb.Rpc.Tests.Client;

/// <summary>A request body as the HTTP handler treats it.</summary>
public sealed class MessageStreamContentTests
{
    [Fact]
    public async Task Write_BodyCouldNotBeOpened_EndsWithThat()
    {
        using MessageStreamContent content = new();
        await FluentActions.Awaiting(() => content.CopyToAsync(new Broken())).Should().ThrowAsync<HttpRequestException>();

        Task write = content.WriteAsync(Request("x"), flush: true, CancellationToken.None).AsTask();

        write.IsCompleted.Should().BeTrue("nobody will ever open the body");
        await FluentActions.Awaiting(() => write).Should().ThrowAsync<IOException>();
    }

    [Fact]
    public async Task Body_TheHandlerWantsNoMoreOfIt_StaysOpenUntilTheCallHasEnded()
    {
        using MessageStreamContent content = new();
        using MemoryStream sent = new();
        Task body = content.CopyToAsync(sent, new CancellationToken(canceled: true));

        await content.WriteAsync(Request("x"), flush: true, CancellationToken.None);

        sent.Length.Should().BePositive();
        body.IsCompleted.Should().BeFalse("a cancelled body would hide the server's answer");
        content.Abandon(new IOException("ended"));
        await FluentActions.Awaiting(() => body).Should().ThrowAsync<OperationCanceledException>();
    }

    private sealed class Broken : MemoryStream
    {
        public override Task FlushAsync(CancellationToken cancellationToken) => throw new IOException("The connection is gone.");
    }
}
