using System.Net;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Tests;

public sealed class FlowHashTests
{
    /// <summary>The values that GaleLb.Bpf.Tests holds the packet programs to.</summary>
    [Theory]
    [InlineData("198.51.100.10:40001", "203.0.113.80:80", HashPolicy.FiveTuple, 7u, 2181504366u)]
    [InlineData("198.51.100.10:40001", "203.0.113.80:80", HashPolicy.Source, 7u, 1011312400u)]
    [InlineData("[2001:db8:c::10]:40001", "[2001:db8:f::80]:80", HashPolicy.FiveTuple, 99u, 279308957u)]
    public void Of_GivenTuple_IsWhatTheProgramsCompute(string client, string service, HashPolicy policy, uint seed, uint expected) =>
        FlowHash.Of(IPEndPoint.Parse(client), IPEndPoint.Parse(service), Protocol.Tcp, policy, seed).Should().Be(expected);

    [Fact]
    public void Slot_OfAnyClient_LiesInTheRing()
    {
        IPEndPoint service = IPEndPoint.Parse("203.0.113.80:80");

        IEnumerable<int> slots = Enumerable.Range(1, 65_535)
            .Select(port => FlowHash.Slot(new IPEndPoint(IPAddress.Parse("198.51.100.10"), port), service, Protocol.Tcp, HashPolicy.FiveTuple, 0));

        slots.Should().OnlyContain(slot => slot >= 0 && slot < ForwardingTable.RingSlots);
    }
}
