using System.Text.Json;
using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.Raft;
using GaleLb.Rpc.V1;
using GaleLb.State;
using GaleLb.State.Commands;

namespace GaleLb.LoadBalancer.Tests.Rest;

/// <summary>Orders about members in /api/v1/events: whose they were, before what came of them.</summary>
public sealed class MemberHistoryTests : IAsyncLifetime
{
    private static readonly MemberId Two = new(0x22);
    private static readonly MemberId Three = new(0x33);

    private ApiHarness _api = null!;

    public async Task InitializeAsync()
    {
        _api = await ApiHarness.StartAsync();
        _api.Replica.Apply(new RaiseStateVersion(ClusterState.StateVersionMax)).IsOk.Should().BeTrue();
        foreach (MemberId id in new[] { Two, Three })
        {
            _api.Replica.Membership = _api.Replica.Membership.With(new Member(id, $"10.98.2.{id.Value}:9090", MemberRole.Voter));
            _api.Replica.Progress.Add(new MemberProgress(id, new LogIndex(1), new LogIndex(2), RecentlyActive: true, Snapshotting: false));
        }
    }

    public Task DisposeAsync() => _api.DisposeAsync().AsTask();

    [Fact]
    public async Task Admission_IsToldWithItsCaller()
    {
        await using WaitingReplica waiting = await new WaitingReplica(new Introduction { MemberId = 0x99, Empty = true, StateVersionMax = ClusterState.StateVersionMax }).StartAsync();
        LogIndex before = _api.State.AppliedIndex;

        ApiAnswer answer = await _api.SendAsync("POST", "cluster/members", $$"""{"address":"{{waiting.Address}}","role":"observer"}""");

        answer.Being(200)["index"].Should().Be($"{before.Value + 2}");
        (await ToldAsync(before)).Should().Equal(
            ($"{before.Next()}", "member_ordered", $"{new MemberId(0x99)}", "rest 127.0.0.1", $"admit {waiting.Address} as observer"),
            ($"{before.Value + 2}", "membership_changed", "", "log", "term 1"));
    }

    [Fact]
    public async Task Removal_IsToldWithItsCaller()
    {
        LogIndex before = _api.State.AppliedIndex;

        (await _api.SendAsync("DELETE", $"cluster/members/{Three}")).Being(200);

        (await ToldAsync(before))[0].Should().Be(($"{before.Next()}", "member_ordered", $"{Three}", "rest 127.0.0.1", "remove 10.98.2.51:9090"));
    }

    [Fact]
    public async Task Transfer_IsToldWithItsCaller()
    {
        LogIndex before = _api.State.AppliedIndex;

        (await _api.SendAsync("POST", "cluster/transfer-leadership", $$"""{"to":"{{Two}}"}""")).Being(200);

        (await ToldAsync(before)).Should().Equal(
            ($"{before.Next()}", "member_ordered", $"{Two}", "rest 127.0.0.1", "hand leadership to 10.98.2.34:9090"));
        _api.Replica.Transfers.Should().Equal(Two);
    }

    [Fact]
    public async Task Transfer_RepeatedUnderItsKey_IsCarriedOutOnce()
    {
        ApiAnswer first = (await _api.SendAsync("POST", "cluster/transfer-leadership", "{}", key: "hand-over-1")).Being(200);
        ApiAnswer again = (await _api.SendAsync("POST", "cluster/transfer-leadership", "{}", key: "hand-over-1")).Being(200);
        _api.Replica.Transfers.Should().ContainSingle();
        again["detail"].Should().Contain("carried out before");
        ulong.Parse(again["index"]!).Should().BeLessThanOrEqualTo(ulong.Parse(first["index"]!));

        (await _api.SendAsync("POST", "cluster/transfer-leadership", "{}", key: "hand-over-2")).Being(200);
        _api.Replica.Transfers.Should().HaveCount(2, "another key is another order");
    }

    [Fact]
    public async Task Removal_RepeatedUnderItsKey_IsAnsweredAsTheFirst()
    {
        ApiAnswer first = (await _api.SendAsync("DELETE", $"cluster/members/{Three}", key: "k")).Being(200);
        ApiAnswer again = (await _api.SendAsync("DELETE", $"cluster/members/{Three}", key: "k")).Being(200);
        ulong.Parse(again["index"]!).Should().BeLessThanOrEqualTo(ulong.Parse(first["index"]!));

        (await _api.SendAsync("DELETE", "cluster/members/0000000000000099", key: "k")).Being(404);
        (await _api.SendAsync("DELETE", $"cluster/members/{Three}", key: "other")).Being(404);
    }

    [Fact]
    public async Task Order_UnderAKeyOfAnotherOrder_IsRefused()
    {
        (await _api.SendAsync("POST", "cluster/transfer-leadership", $$"""{"to":"{{Two}}"}""", key: "k")).Being(200);
        (await _api.SendAsync("DELETE", $"cluster/members/{Three}", key: "k")).Being(422)["field"].Should().Be("idempotency_key");
        (await _api.SendAsync("POST", "cluster/transfer-leadership", $$"""{"to":"{{Three}}"}""", key: "k")).Being(422)["field"].Should().Be("idempotency_key");
        _api.Replica.Membership.Members.Should().HaveCount(3);

        (await _api.SendAsync("POST", "blocks", """{"cidr":"203.0.113.0/24"}""", key: "b")).Being(200);
        (await _api.SendAsync("POST", "cluster/transfer-leadership", "{}", key: "b")).Being(422);
        _api.Replica.Transfers.Should().Equal(Two);
    }

    [Fact]
    public async Task WhatIsRefusedOrOnlyTried_IsNotTold()
    {
        LogIndex before = _api.State.AppliedIndex;

        (await _api.SendAsync("DELETE", $"cluster/members/{Three}?dry_run=true")).Being(200);
        (await _api.SendAsync("POST", "cluster/transfer-leadership?dry_run=true")).Being(200);
        (await _api.SendAsync("POST", "cluster/transfer-leadership", $$"""{"to":"{{SoleReplica.Id}}"}""")).Being(200);
        (await _api.SendAsync("DELETE", "cluster/members/0000000000000099")).Being(404);

        _api.State.AppliedIndex.Should().Be(before);
    }

    [Fact]
    public async Task WhileAMemberCouldNotReadIt_TheOrderIsCarriedOutUntold()
    {
        await using ApiHarness old = await ApiHarness.StartAsync();
        old.Replica.Membership = _api.Replica.Membership;
        old.Replica.Progress.AddRange(_api.Replica.Progress);

        (await old.SendAsync("DELETE", $"cluster/members/{Three}")).Being(200);

        old.Replica.Membership.Members.Should().HaveCount(2);
        (await old.GetAsync("events")).Json.GetRawText().Should().NotContain("member_ordered");
    }

    private async Task<(string?, string?, string?, string?, string?)[]> ToldAsync(LogIndex after) =>
    [
        .. (await _api.GetAsync($"events?after={after}")).Being(200).Json.GetProperty("events").EnumerateArray().Select(e => (
            (string?)e.GetProperty("index").GetRawText(), Text(e, "kind"), Text(e, "subject"), Text(e, "origin"), Text(e, "cause"))),
    ];

    private static string? Text(JsonElement told, string name) => told.GetProperty(name).GetString();
}
