using GaleLb.Rpc.Client;
using GaleLb.Rpc.Health;
using GaleLb.Rpc.Security;
using GaleLb.Rpc.Server;
using GaleLb.Rpc.Services;
using GaleLb.Rpc.Tests.Support;
using GaleLb.Rpc.V1;
using Google.Protobuf;

namespace GaleLb.Rpc.Tests.Interop;

/// <summary>gRPC's own Python client against this server.</summary>
public sealed class PythonClientTests
{
    private const string Other = "galelb.test.Other";

    [Theory]
    [InlineData("unary", """[3, "abc"]""")]
    [InlineData("unary_large", "[3000000, 3000000]")]
    [InlineData("unary_metadata", """["abc 00ff10", "yes"]""")]
    [InlineData("collect", """[10, "0123456789"]""")]
    [InlineData("spread", """["g", "a", "l", "e"]""")]
    [InlineData("converse", """["beat 0", "beat 1", *"beat 19"]""")]
    [InlineData("heartbeats", "[1000, [1, 2, 3]]")]
    [InlineData("health", "[1, 3]")]
    [InlineData("refused", """{"code": "FAILED_PRECONDITION", "details": "100 % n\u00f6", "trailers": {*"reason": "asked for"*}}""")]
    [InlineData("deadline", """{"code": "DEADLINE_EXCEEDED", *""")]
    [InlineData("unknown", """{"code": "UNIMPLEMENTED", "details": "Method /galelb.test.Echo/None is not served here."*""")]
    [InlineData("unary_beyond", """{"code": "RESOURCE_EXHAUSTED", *4194304*""")]
    [InlineData("unary_gzip", """{"code": "UNIMPLEMENTED", *gzip*""")]
    [InlineData("cancelled", """{"code": "CANCELLED", *""")]
    public async Task Call_Plaintext_EndsAsExpected(string scenario, string line)
    {
        await using RpcServer server = await StartAsync(null);

        (await PythonPeer.CallAsync(server.EndPoints[0].Port, scenario)).Should().Match(line);
    }

    [Theory]
    [InlineData("unary", """[3, "abc"]""")]
    [InlineData("converse", """["beat 0", *"beat 19"]""")]
    public async Task Call_MutualTls_EndsAsExpected(string scenario, string line)
    {
        using Certificates certificates = new();
        certificates.Issue("node");
        await using RpcServer server = await StartAsync(certificates.Issue("replica"));

        (await PythonPeer.CallAsync(server.EndPoints[0].Port, scenario, certificates.Folder, "node")).Should().Match(line);
    }

    private static Task<RpcServer> StartAsync(TlsIdentity? tls) => EchoServer.StartAsync(
        server => server
            .MapEcho()
            .MapNodeService(new FixedNodeService())
            .MapHealthService(new HealthService())
            .MapUnary(Method("Refuse"), (_, context) =>
            {
                context.ResponseTrailers.Add("reason", "asked for");
                throw new RpcException(StatusCode.FailedPrecondition, "100 % nö");
            })
            .MapUnary(Method("Metadata"), (_, context) =>
            {
                context.ResponseTrailers.Add("seen", "yes");
                string seen = $"{context.RequestMetadata.GetValue("token")} {Convert.ToHexStringLower(context.RequestMetadata.GetBytes("raw-bin")!)}";
                return ValueTask.FromResult(new ProposeResponse { Result = ByteString.CopyFromUtf8(seen) });
            })
            .MapUnary(Method("Hang"), async (_, context) =>
            {
                await Task.Delay(Timeout.Infinite, context.CancellationToken);
                return new ProposeResponse();
            }),
        new RpcServerOptions { EndPoints = [EchoServer.AnyPort], Tls = tls });

    private static RpcMethod<ProposeRequest, ProposeResponse> Method(string name) =>
        new(Other, name, MethodShape.Unary, ProposeRequest.Parser, ProposeResponse.Parser);

    private sealed class FixedNodeService : INodeService
    {
        public ValueTask<GetConfigResponse> GetConfigAsync(GetConfigRequest request, RpcServerContext context) =>
            ValueTask.FromResult(new GetConfigResponse { HeartbeatIntervalMs = 1000 });

        public async Task HeartbeatAsync(IAsyncEnumerable<HeartbeatRequest> requests, IRpcStreamWriter<HeartbeatResponse> responses, RpcServerContext context)
        {
            await foreach (HeartbeatRequest request in requests)
                await responses.WriteAsync(new HeartbeatResponse { Sequence = request.Sequence, State = NodeState.Probing });
        }
    }
}
