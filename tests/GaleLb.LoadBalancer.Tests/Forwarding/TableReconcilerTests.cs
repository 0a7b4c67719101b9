using GaleLb.DataPlane;
using GaleLb.LoadBalancer.Forwarding;
using GaleLb.State;
using Microsoft.Extensions.Logging.Abstractions;

namespace GaleLb.LoadBalancer.Tests.Forwarding;

public sealed class TableReconcilerTests
{
    private static readonly DataPlaneOptions Options = new()
    {
        MemberId = "1",
        PublicInterface = "pub",
        PrivateInterface = "priv",
        XdpMode = XdpMode.Off,
    };

    [Fact]
    public async Task Reconcile_BeforeTheRelease_WritesNothing()
    {
        using MemoryDataPlane plane = new(Options, TimeProvider.System);
        await using TableReconciler reconciler = new(() => ClusterState.Empty, plane, TimeProvider.System, NullLogger<TableReconciler>.Instance);

        reconciler.Reconcile().Should().BeTrue();

        plane.Status.AppliedIndex.Should().BeNull();
        reconciler.View.InKernel.Should().BeFalse();
    }

    [Theory]
    [InlineData(true, 1, 0)]
    [InlineData(true, 40, 40)]
    [InlineData(true, 5000, 1000)]
    [InlineData(false, 1, 1000)]
    public void RestAfter_ATable_IsAsLongAsItTookWithinBounds(bool taken, int tookMs, int restMs) =>
        TableReconciler.RestAfter(taken, TimeSpan.FromMilliseconds(tookMs)).Should().Be(TimeSpan.FromMilliseconds(restMs));

    /// <summary>A replica that caught up while a table was being derived must not write that one: it is of a state before the release.</summary>
    [Fact]
    public async Task Reconcile_OfAStateReadBeforeTheRelease_WritesNothing()
    {
        using MemoryDataPlane plane = new(Options, TimeProvider.System);
        TableReconciler? reconciler = null;
        await using TableReconciler owned = reconciler = new(
            () =>
            {
                reconciler!.Release();
                return ClusterState.Empty;
            },
            plane, TimeProvider.System, NullLogger<TableReconciler>.Instance);

        reconciler.Reconcile();
        plane.Status.AppliedIndex.Should().BeNull("the state was read before the release");

        reconciler.Reconcile();
        plane.Status.AppliedIndex.Should().NotBeNull();
    }
}
