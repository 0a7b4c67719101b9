using GaleLb.DataPlane.Flows;
using GaleLb.DataPlane.Kernel;
using GaleLb.DataPlane.Tests.Kernel;
using GaleLb.DataPlane.Tests.Support;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Tests;

/// <summary>What every data plane promises, told to one without and one with a kernel.</summary>
internal static class DataPlaneContract
{
    public static void Apply_ThenAgain_DoesNothingTheSecondTime(IDataPlane plane)
    {
        ApplyResult first = plane.Apply(Tables.TwoNodes(5));
        ApplyResult second = plane.Apply(Tables.TwoNodes(6));
        (first.Index.Value, first.Digest, second.Index.Value, second.Digest).Should().Be((5ul, "digest-5", 6ul, "digest-6"));
        first.Operations.Should().BeGreaterThan(3);
        second.Operations.Should().Be(0);
    }

    public static void Status_AfterApply_ShowsItsIndexAndDigest(IDataPlane plane)
    {
        plane.Status.AppliedIndex.Should().BeNull();
        plane.Apply(Tables.TwoNodes(7));
        DataPlaneStatus status = plane.Status;
        (status.AppliedIndex?.Value, status.TableDigest).Should().Be((7ul, "digest-7"));
        status.NextHops.Select(h => h.Name).Should().Equal("node-0", "node-1");
    }

    public static void Apply_TableThatDoesNotFit_LeavesTheFormerOne(IDataPlane plane)
    {
        plane.Apply(Tables.TwoNodes(1));
        ForwardingTable wrong = Tables.Of(2, [Tables.Service(0, null, 80, ring: 9)], [], []);
        plane.Invoking(p => p.Apply(wrong)).Should().Throw<DataPlaneException>().WithMessage("table 2 could not be applied: service service-0 *");
        plane.Status.AppliedIndex!.Value.Value.Should().Be(1);
        plane.Apply(Tables.TwoNodes(3)).Operations.Should().Be(0);
    }

    public static void ReadCounters_OfATable_NamesEveryReasonNodeAndService(IDataPlane plane)
    {
        plane.Apply(Tables.TwoNodes());
        Counters counters = plane.ReadCounters();
        counters.Reasons.Should().HaveCount(32);
        counters.Reasons.Select(r => r.Reason).Should().Contain(["forwarded_l4", "drop_no_nodes", "pass_not_ours"]);
        counters.Nodes.Select(n => n.Name).Should().Equal("node-0", "node-1");
        counters.Services.Select(s => s.Name).Should().Equal("service-0");
        plane.ListFlows(FlowFilter.Everything, 10).Should().BeEmpty();
    }

    public static void Apply_AfterStop_IsRefused(IDataPlane plane)
    {
        plane.Stop();
        plane.Stop();
        plane.Invoking(p => p.Apply(Tables.TwoNodes())).Should().Throw<ObjectDisposedException>();
    }

    public static TheoryData<string> Names() =>
        [.. typeof(DataPlaneContract).GetMethods().Where(m => m.GetParameters() is [{ } p] && p.ParameterType == typeof(IDataPlane)).Select(m => m.Name)];

    public static void Run(string name, IDataPlane plane) => typeof(DataPlaneContract).GetMethod(name)!.CreateDelegate<Action<IDataPlane>>()(plane);
}

public sealed class MemoryDataPlaneTests
{
    public static TheoryData<string> Contract => DataPlaneContract.Names();

    [Theory]
    [MemberData(nameof(Contract))]
    public void Contract_IsKept(string name)
    {
        using MemoryDataPlane plane = new(
            new DataPlaneOptions { MemberId = "m", PublicInterface = "pub0", PrivateInterface = "priv0", SelfAddresses = [Lab.VipOne] }, TimeProvider.System);
        DataPlaneContract.Run(name, plane);
    }
}

[Collection(KernelCollection.Name)]
public sealed class KernelDataPlaneTests
{
    public static TheoryData<string> Contract => DataPlaneContract.Names();

    [RootTheory]
    [MemberData(nameof(Contract))]
    public void Contract_IsKept(string name)
    {
        using Lab lab = new();
        using KernelDataPlane plane = lab.StartDataPlane();
        lab.Balancer.Do(() => DataPlaneContract.Run(name, plane));
    }
}
