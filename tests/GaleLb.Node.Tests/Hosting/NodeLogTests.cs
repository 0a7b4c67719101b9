using GaleLb.Node.Heartbeats;
using GaleLb.Node.Hosting;
using GaleLb.Rpc.V1;
using GaleLb.Testing;

namespace GaleLb.Node.Tests.Hosting;

public sealed class NodeLogTests
{
    private readonly StringWriter _output = new();

    [Fact]
    public void Write_Line_BeginsWithTheTimeInUtc()
    {
        Log.Write("words");

        _output.ToString().Should().Be("2026-01-01T00:00:00.000Z words\n");
    }

    [Theory]
    [InlineData(NodeState.Unspecified, NodeState.Probing, 0ul, "", "state probing")]
    [InlineData(NodeState.Probing, NodeState.Routable, 0ul, "", "state probing → routable")]
    [InlineData(NodeState.Down, NodeState.Blacklisted, 249_001ul, "5 fails", "state down → blacklisted for 4m10s because 5 fails")]
    [InlineData(NodeState.Blacklisted, NodeState.Probing, 0ul, "", "state blacklisted → probing")]
    [InlineData(NodeState.Unspecified, NodeState.Refused, 0ul, "its address is a replica's", "state refused because its address is a replica's")]
    [InlineData(NodeState.Routable, (NodeState)99, 0ul, "", "state routable → unknown (99)")]
    public void StateChanged_FromTo_SaysBoth(NodeState before, NodeState now, ulong left, string reason, string words)
    {
        Log.StateChanged(before, new HeartbeatResponse { State = now, BlacklistedMsLeft = left, Reason = reason });

        _output.ToString().Should().EndWith($"Z {words}\n");
    }

    [Fact]
    public void Checked_Change_SaysWhichServicesFail()
    {
        Log.Checked(ServiceReport.Serving, new ServiceReport(ServingStatus.Serving, ["mail", "web"], "ports closed"));

        _output.ToString().Should().EndWith("service check changed: serving but for mail, web: ports closed\n");
    }

    private NodeLog Log => new(_output, new ManualTime());
}
