using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.Raft;
using GaleLb.State.Forwarding;
using GaleLb.State.Services;

namespace GaleLb.LoadBalancer.Tests.Rest;

public sealed class ServiceOrderTests : IAsyncLifetime
{
    private ApiHarness _api = null!;

    public async Task InitializeAsync() => _api = (await ApiHarness.StartAsync()).WithRoutable(2);

    public Task DisposeAsync() => _api.DisposeAsync().AsTask();

    [Fact]
    public async Task Post_AService_IsCommittedAndServed()
    {
        ApiAnswer answer = await _api.SendAsync(
            "POST", "services", """{"name":"web","addresses":["203.0.113.10","2001:db8::1"],"port":443,"target_port":8443}""");

        answer.Being(200)["outcome"].Should().Be("committed");
        answer["index"].Should().Be($"{_api.State.AppliedIndex}");
        ServiceDefinition web = _api.State.FindService("web")!.Definition;
        (web.Port, web.TargetPort, web.Protocol, web.Forwarding, web.Hash).Should().Be(
            ((ushort)443, (ushort)8443, Protocol.Tcp, ForwardingMode.L4, HashPolicy.FiveTuple));
        web.Addresses.Select(a => a.ToString()).Should().Equal("203.0.113.10", "2001:db8::1");
        ApiAnswer shown = await _api.GetAsync("services/web");
        shown.Being(200).ETag.Should().Be($"\"{answer["index"]}\"");
        shown["nodes"].Should().Be("2");
    }

    [Fact]
    public async Task Put_AsTheServicesDocumentShowsIt_ChangesWhatDiffersAlone()
    {
        string etag = (await _api.GetAsync("services/default")).ETag!;

        ApiAnswer answer = await _api.SendAsync(
            "PUT", "services/default",
            """{"name":"default","addresses":[],"port":8080,"protocol":"tcp","forwarding":"l4","hash":"source","target_port":8080}""", etag);

        answer.Being(200);
        _api.State.FindService("default")!.Definition.Hash.Should().Be(HashPolicy.Source);
    }

    [Fact]
    public async Task Put_WithAnOldIndex_IsRefusedAndChangesNothing()
    {
        string etag = (await _api.GetAsync("services/default")).ETag!;
        await _api.SendAsync("PUT", "services/default", """{"port":8081}""");

        ApiAnswer answer = await _api.SendAsync("PUT", "services/default", """{"port":8082}""", etag);

        answer.Being(412)["title"].Should().Be("Changed meanwhile");
        _api.State.FindService("default")!.Definition.Port.Should().Be(8081);
    }

    [Fact]
    public async Task Delete_AService_TakesItAway()
    {
        (await _api.SendAsync("DELETE", "services/default")).Being(200);

        _api.State.Services.Should().BeEmpty();
        (await _api.SendAsync("DELETE", "services/default")).Being(404)["detail"].Should().Be("no service is named 'default'");
        (await _api.GetAsync("services/default")).Being(404);
    }

    [Fact]
    public async Task Post_TwiceUnderOneKey_IsCarriedOutOnce()
    {
        const string web = """{"name":"web","port":443}""";
        ApiAnswer first = await _api.SendAsync("POST", "services", web, key: "once");

        ApiAnswer second = await _api.SendAsync("POST", "services", web, key: "once");

        second.Being(200)["index"].Should().Be(first["index"]);
        (await _api.SendAsync("POST", "services", web)).Being(409)["field"].Should().Be("name");
    }

    [Theory]
    [InlineData("""{"port":80}""", 422, "name", "name expected")]
    [InlineData("""{"name":"w e b","port":80}""", 422, "name", "w e b")]
    [InlineData("""{"name":"web"}""", 422, "port", "1 to 65535")]
    [InlineData("""{"name":"web","port":0}""", 422, "port", "not 0")]
    [InlineData("""{"name":"web","port":80,"target_port":65536}""", 422, "target_port", "not 65536")]
    [InlineData("""{"name":"web","port":80,"addresses":["lb"]}""", 422, "addresses", "not \"lb\"")]
    [InlineData("""{"name":"web","port":80,"protocol":"sctp"}""", 422, "protocol", "tcp or udp expected, not \"sctp\"")]
    [InlineData("""{"name":"web","port":80,"forwarding":"l7"}""", 422, "forwarding", "l4 or l3 or l2 expected")]
    [InlineData("""{"name":"web","port":80,"hash":"random"}""", 422, "hash", "five_tuple or source expected")]
    [InlineData("""{"name":"web","port":80,"scheduler":"rr"}""", 422, "scheduler", "maglev expected")]
    [InlineData("""{"name":"web","port":80,"forwarding":"l3"}""", 422, "addresses", "needs addresses")]
    [InlineData("""{"name":"web","port":5555}""", 409, "port", "gale-lb itself listens on port 5555")]
    [InlineData("""{"name":"web","port":22}""", 409, "port", "protected")]
    [InlineData("""{"name":"web","port":8080}""", 409, "port", "'default' is already at")]
    [InlineData("""{"name":"web","port":80,"forwarding":"l3","addresses":["10.98.2.2"]}""", 409, "addresses", "a replica's own address")]
    [InlineData("""{"name":"web","prot":80}""", 400, null, "prot")]
    public async Task Post_ABadService_IsRefusedByFieldAndChangesNothing(string body, int status, string? field, string detail)
    {
        _api.Replica.Membership = _api.Replica.Membership.With(new Member(new MemberId(0x22), "10.98.2.2:9090", MemberRole.Voter));

        ApiAnswer answer = await _api.SendAsync("POST", "services", body);

        answer.Being(status)["detail"].Should().Contain(detail);
        if (field is not null)
            answer["field"].Should().Be(field);
        _api.State.Services.Keys.Should().Equal("default");
    }
}
