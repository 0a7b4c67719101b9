using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.Raft;
using GaleLb.Rpc.V1;

namespace GaleLb.LoadBalancer.Tests.Rest;

public sealed class MemberApiTests : IAsyncLifetime
{
    private static readonly MemberId Two = new(0x22);
    private static readonly MemberId Three = new(0x33);

    private ApiHarness _api = null!;

    public async Task InitializeAsync() => _api = await ApiHarness.StartAsync();

    public Task DisposeAsync() => _api.DisposeAsync().AsTask();

    [Theory]
    [InlineData("null", MemberRole.Learner)]
    [InlineData("\"voter\"", MemberRole.Learner)]
    [InlineData("\"observer\"", MemberRole.Observer)]
    public async Task Post_AnEmptyReplicasAddress_AdmitsItUnderTheIdItNames(string role, MemberRole expected)
    {
        await using WaitingReplica waiting = await new WaitingReplica(new Introduction { MemberId = 0x99, Empty = true }).StartAsync();
        string body = $$"""{"address":"{{waiting.Address}}","role":{{role}}}""";

        ApiAnswer answer = await _api.SendAsync("POST", "cluster/members", body);

        answer.Being(200)["outcome"].Should().Be("committed");
        answer["index"].Should().Be($"{_api.State.AppliedIndex}");
        _api.Replica.Membership.Find(waiting.Address).Should().Be(new Member(new MemberId(0x99), waiting.Address, expected));
        (await _api.SendAsync("POST", "cluster/members", body)).Being(200)["detail"].Should().Contain("a member already");
    }

    [Fact]
    public async Task Post_DryRun_AdmitsNobody()
    {
        await using WaitingReplica waiting = await new WaitingReplica(new Introduction { MemberId = 0x99, Empty = true }).StartAsync();

        ApiAnswer answer = await _api.SendAsync("POST", "cluster/members?dry_run=true", $$"""{"address":"{{waiting.Address}}"}""");

        answer.Being(200)["outcome"].Should().Be("would_commit");
        _api.Replica.Membership.Members.Should().ContainSingle();
    }

    [Fact]
    public async Task Post_AReplicaWithData_IsRefused()
    {
        await using WaitingReplica waiting = await new WaitingReplica(new Introduction { MemberId = 0x99, Empty = false }).StartAsync();

        ApiAnswer answer = await _api.SendAsync("POST", "cluster/members", $$"""{"address":"{{waiting.Address}}"}""");

        answer.Being(409)["detail"].Should().Contain("empty data_directory");
        _api.Replica.Membership.Members.Should().ContainSingle();
    }

    [Fact]
    public async Task Post_AnAddressWhereNobodyIs_IsRefused()
    {
        WaitingReplica gone = await new WaitingReplica(new Introduction()).StartAsync();
        await gone.DisposeAsync();

        ApiAnswer answer = await _api.SendAsync("POST", "cluster/members", $$"""{"address":"{{gone.Address}}"}""");

        answer.Being(409)["detail"].Should().StartWith($"no replica at {gone.Address} can be admitted");
        _api.Directory.Find(gone.Address).Should().BeNull("it is not dialled any more");
    }

    [Theory]
    [InlineData("""{"address":"lb-4"}""", "address")]
    [InlineData("""{"address":"10.0.0.4"}""", "address")]
    [InlineData("{}", "address")]
    [InlineData("""{"address":"10.0.0.4:9090","role":"king"}""", "role")]
    public async Task Post_ABadMember_IsRefusedByField(string body, string field) =>
        (await _api.SendAsync("POST", "cluster/members", body)).Being(422)["field"].Should().Be(field);

    [Fact]
    public async Task Delete_AMemberWhoseLossTheQuorumBears_RemovesIt()
    {
        Seat(Two, active: true);
        Seat(Three, active: false);

        (await _api.SendAsync("DELETE", $"cluster/members/{Three}")).Being(200)["outcome"].Should().Be("committed");

        _api.Replica.Membership.Members.Select(m => m.Id).Should().Equal(SoleReplica.Id, Two);
    }

    [Fact]
    public async Task Delete_AMemberWithoutWhichNothingCouldBeDecided_IsRefusedUnlessForced()
    {
        Seat(Two, active: true);
        Seat(Three, active: false);

        (await _api.SendAsync("DELETE", $"cluster/members/{Two}")).Being(409)["detail"].Should().Contain("1 answer and 2 must");
        _api.Replica.Membership.Members.Should().HaveCount(3);
        (await _api.SendAsync("DELETE", $"cluster/members/{Two}?force=true&dry_run=true")).Being(200);
        _api.Replica.Membership.Members.Should().HaveCount(3);
        (await _api.SendAsync("DELETE", $"cluster/members/{Two}?force=true")).Being(200);
        _api.Replica.Membership.Members.Should().HaveCount(2);
    }

    [Fact]
    public async Task Delete_TheLastVoterOrAStranger_IsRefused()
    {
        (await _api.SendAsync("DELETE", $"cluster/members/{SoleReplica.Id}?force=true")).Being(409)["detail"].Should().Contain("the last voter");
        (await _api.SendAsync("DELETE", $"cluster/members/{Two}")).Being(404);
        (await _api.SendAsync("DELETE", "cluster/members/lb-2")).Being(404);
        (await _api.SendAsync("DELETE", $"cluster/members/{Two}", ifMatch: "\"4\"")).Being(422)["field"].Should().Be("If-Match");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("{}")]
    public async Task Transfer_ToNobodyInParticular_GoesToAVoterThatAnswers(string? body)
    {
        Seat(Two, active: false);
        Seat(Three, active: true);

        (await _api.SendAsync("POST", "cluster/transfer-leadership", body)).Being(200)["outcome"].Should().Be("transferred");

        _api.Replica.Transfers.Should().Equal(Three);
    }

    [Fact]
    public async Task Transfer_ToOneThatCannotLead_IsRefused()
    {
        Seat(Two, active: false);

        (await TransferTo($"{Two}")).Being(409)["detail"].Should().Contain("does not answer");
        (await TransferTo($"{Three}")).Being(404);
        (await TransferTo("lb-2")).Being(422)["field"].Should().Be("to");
        (await TransferTo($"{SoleReplica.Id}")).Being(200)["detail"].Should().Contain("leads already");
        (await _api.SendAsync("POST", "cluster/transfer-leadership")).Being(409)["detail"].Should().Contain("no other voter answers");
        _api.Replica.Transfers.Should().BeEmpty();
    }

    private Task<ApiAnswer> TransferTo(string id) => _api.SendAsync("POST", "cluster/transfer-leadership", $$"""{"to":"{{id}}"}""");

    private void Seat(MemberId id, bool active)
    {
        _api.Replica.Membership = _api.Replica.Membership.With(new Member(id, $"10.98.2.{id.Value}:9090", MemberRole.Voter));
        _api.Replica.Progress.Add(new MemberProgress(id, new LogIndex(1), new LogIndex(2), RecentlyActive: active, Snapshotting: false));
    }
}
