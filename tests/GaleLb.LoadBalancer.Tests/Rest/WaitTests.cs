using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.Raft;
using GaleLb.Rpc.V1;

namespace GaleLb.LoadBalancer.Tests.Rest;

public sealed class WaitTests : IAsyncLifetime
{
    private const string AddressTwo = "10.98.2.2:9090";
    private const string AddressThree = "10.98.2.3:9090";

    private ApiHarness _api = null!;

    public async Task InitializeAsync() => _api = (await ApiHarness.StartAsync()).WithRoutable(2);

    public Task DisposeAsync() => _api.DisposeAsync().AsTask();

    [Fact]
    public async Task Order_WaitedFor_NamesWhoseKernelsHaveItAndWhoseNot()
    {
        Seat(new MemberId(0x22), AddressTwo, kernelIndex: 1_000);
        Seat(new MemberId(0x33), AddressThree, kernelIndex: 1);
        _api.Replica.Membership = _api.Replica.Membership.With(new Member(new MemberId(0x44), "10.98.2.4:9090", MemberRole.Voter));

        ApiAnswer answer = await _api.SendAsync("POST", "nodes/node-1/drain?wait=applied&timeout=1s");

        answer.Being(200)["outcome"].Should().Be("committed");
        answer["applied_on"].Should().Be($"[\"{SoleReplica.Address}\",\"{AddressTwo}\"]");
        answer["missing"].Should().Be($"[\"{AddressThree}\",\"10.98.2.4:9090\"]");
        answer["unreachable"].Should().Be("[\"10.98.2.4:9090\"]");
    }

    [Fact]
    public async Task Order_NotWaitedFor_DoesNotTellWhereItIs()
    {
        ApiAnswer answer = await _api.SendAsync("POST", "nodes/node-1/drain");

        answer.Being(200)["missing"].Should().BeNull();
    }

    [Theory]
    [InlineData("wait=committed", "wait")]
    [InlineData("wait=applied&timeout=soon", "timeout")]
    [InlineData("wait=applied&timeout=0s", "timeout")]
    [InlineData("wait=applied&timeout=2h", "timeout")]
    [InlineData("timeout=5s", "timeout")]
    public async Task Order_WithABadWait_IsNotCarriedOut(string query, string field)
    {
        (await _api.SendAsync("POST", "nodes/node-1/drain?" + query)).Being(422)["field"].Should().Be(field);

        _api.State.FindNode("node-1")!.Draining.Should().BeFalse();
    }

    private void Seat(MemberId id, string address, ulong kernelIndex)
    {
        _api.Replica.Membership = _api.Replica.Membership.With(new Member(id, address, MemberRole.Voter));
        _api.Time.Advance(TimeSpan.FromMilliseconds(1));
        _api.Directory.Update(address, record => record with
        {
            // What it derived is not what its kernel has.
            Introduction = new Introduction { MemberId = id.Value, Address = address, AppliedIndex = 1_000, KernelIndex = kernelIndex },
            IntroducedAt = _api.Time.GetTimestamp(),
        });
    }
}
