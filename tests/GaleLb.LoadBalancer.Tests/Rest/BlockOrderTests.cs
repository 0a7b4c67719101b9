using System.Net;
using System.Text.Json;
using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.State.Blocks;
using GaleLb.State.Commands;
using GaleLb.State.Forwarding;

namespace GaleLb.LoadBalancer.Tests.Rest;

public sealed class BlockOrderTests : IAsyncLifetime
{
    private ApiHarness _api = null!;

    public async Task InitializeAsync() => _api = await ApiHarness.StartAsync();

    public Task DisposeAsync() => _api.DisposeAsync().AsTask();

    [Fact]
    public async Task Post_ARangeForATime_IsInTheTableAndShownWithItsTimeLeft()
    {
        ApiAnswer answer = await _api.SendAsync("POST", "blocks", """{"cidr":"203.0.113.0/24","duration":"1m","reason":"flood"}""");

        answer.Being(200)["outcome"].Should().Be("committed");
        Blocked().Should().Equal("203.0.113.0/24");
        JsonElement block = (await _api.GetAsync("blocks")).Being(200).Json.GetProperty("blocks").EnumerateArray().Single();
        block.GetProperty("cidr").GetString().Should().Be("203.0.113.0/24");
        block.GetProperty("reason").GetString().Should().Be("flood");
        block.GetProperty("ms_left").GetInt64().Should().Be(60_000);
        block.GetProperty("packets").GetUInt64().Should().Be(0);
        block.GetProperty("bytes").GetUInt64().Should().Be(0);
        $"{block.GetProperty("index").GetUInt64()}".Should().Be(answer["index"]);
    }

    [Fact]
    public async Task Post_OneAddressForEver_HasNoEnd()
    {
        (await _api.SendAsync("POST", "blocks", """{"cidr":"2001:db8::7"}""")).Being(200);

        JsonElement block = (await _api.GetAsync("blocks")).Json.GetProperty("blocks").EnumerateArray().Single();
        block.GetProperty("cidr").GetString().Should().Be("2001:db8::7/128");
        block.GetProperty("ms_left").ValueKind.Should().Be(JsonValueKind.Null);
        block.GetProperty("until").ValueKind.Should().Be(JsonValueKind.Null);
    }

    [Theory]
    [InlineData("203.0.113.0%2F24")]
    [InlineData("203.0.113.0/24")]
    public async Task Delete_ABlock_TakesItOutOfTheTable(string path)
    {
        await _api.SendAsync("POST", "blocks", """{"cidr":"203.0.113.0/24"}""");

        (await _api.SendAsync("DELETE", "blocks/" + path)).Being(200);

        Blocked().Should().BeEmpty();
        (await _api.SendAsync("DELETE", "blocks/" + path)).Being(404)["detail"].Should().Be("203.0.113.0/24 is not blocked");
    }

    [Fact]
    public async Task Expiry_InLogTime_TakesTheBlockOutOfTheTable()
    {
        await _api.SendAsync("POST", "blocks", """{"cidr":"203.0.113.0/24","duration":"1m"}""");
        _api.Time.Advance(TimeSpan.FromMinutes(1));
        await _api.SendAsync("POST", "blocks", """{"cidr":"198.51.100.0/24"}""");

        _api.Replica.Apply(new BlockExpired(_api.State.Blocks.Keys.Last(), _api.State.Blocks.Values.Last().LastChange)).IsOk.Should().BeTrue();

        Blocked().Should().Equal("198.51.100.0/24");
    }

    [Fact]
    public async Task Metrics_OfManyBlocks_HaveSeriesOfTheFirstHundredOnly()
    {
        for (int i = 0; i < 101; i++)
            _api.Replica.Apply(new BlockClients(new ClientPrefix(new IPAddress([203, 0, 113, (byte)i]), 32), null, "")).IsOk.Should().BeTrue();

        string[] lines = (await _api.GetMetricsAsync()).Split('\n');

        lines.Should().Contain("galelb_blocks 101").And.Contain("galelb_block_packets_total{cidr=\"203.0.113.99/32\"} 0");
        lines.Count(line => line.StartsWith("galelb_block_bytes_total{", StringComparison.Ordinal)).Should().Be(100);
    }

    [Theory]
    [InlineData("""{"cidr":"everyone"}""", "cidr", "not \"everyone\"")]
    [InlineData("""{"cidr":"203.0.113.0/33"}""", "cidr", "at most 32 bits")]
    [InlineData("""{"cidr":"203.0.113.7/24"}""", "cidr", "bits beyond its prefix")]
    [InlineData("""{"cidr":"203.0.113.0/24/8"}""", "cidr", "expected")]
    [InlineData("""{"cidr":"203.0.113.0/+8"}""", "cidr", "expected")]
    [InlineData("""{"cidr":"10.1"}""", "cidr", "not \"10.1\"")]
    [InlineData("""{"cidr":"fe80::1%eth0"}""", "cidr", "not \"fe80::1%eth0\"")]
    [InlineData("""{"cidr":"::ffff:203.0.113.7"}""", "cidr", "give it as IPv4")]
    [InlineData("""{"duration":"1m"}""", "cidr", "expected")]
    [InlineData("""{"cidr":"203.0.113.7","duration":"ever"}""", "duration", "not \"ever\"")]
    public async Task Post_ABadRange_IsRefusedByFieldAndChangesNothing(string body, string field, string detail)
    {
        ApiAnswer answer = await _api.SendAsync("POST", "blocks", body);

        answer.Being(422)["field"].Should().Be(field);
        answer["detail"].Should().Contain(detail);
        _api.State.Blocks.Should().BeEmpty();
    }

    private IEnumerable<string> Blocked() => ForwardingTableBuilder.Derive(_api.State).Blocks.Select(b => b.ToString());
}
