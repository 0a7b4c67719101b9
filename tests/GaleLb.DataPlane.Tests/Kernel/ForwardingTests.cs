using GaleLb.DataPlane.Kernel;
using GaleLb.DataPlane.Tests.Support;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Tests.Kernel;

/// <summary>Real connections through the real programs.</summary>
[Collection(KernelCollection.Name)]
public sealed class ForwardingTests
{
    [RootTheory]
    [InlineData(XdpMode.Native)]
    [InlineData(XdpMode.Generic)]
    public void Connections_ThroughTwoNodes_AreBalanced(XdpMode mode)
    {
        using Lab lab = new();
        lab.StartServers();
        using KernelDataPlane plane = lab.StartDataPlane(lab.Options(mode));
        lab.Balancer.Do(() => plane.Apply(Tables.TwoNodes()));
        Wait.Until(() => lab.Balancer.Do(() => plane.Status).NextHops.All(h => h.Resolved), "both nodes resolved");

        string[] answers = lab.Connect(Lab.VipOne, 60);

        answers.Should().OnlyContain(a => a == "node1" || a == "node2");
        answers.Count(a => a == "node1").Should().BeInRange(15, 45);
        DataPlaneStatus status = lab.Balancer.Do(() => plane.Status);
        (status.Mode, status.Attached, status.AppliedIndex!.Value.Value).Should().Be((mode, true, 1ul));
        Counters counters = plane.ReadCounters();
        counters.Services.Single().Traffic.Connections.Should().Be(60);
        counters.Nodes.Sum(n => (long)n.Traffic.Connections).Should().Be(60);
        counters.Reasons.Single(r => r.Reason == "forwarded_l4").Packets.Should().BeGreaterThan(60);
    }
}

[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class KernelCollection
{
    public const string Name = "kernel";
}
