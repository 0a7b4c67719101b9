using GaleLb.LoadBalancer.Forwarding;
using GaleLb.Raft;
using GaleLb.State;
using GaleLb.State.Forwarding;

namespace GaleLb.LoadBalancer.Tests.Forwarding;

public sealed class TableArchiveTests
{
    [Fact]
    public void Of_TheReconciledState_IsTheVeryTable()
    {
        ForwardingTable table = ForwardingTableBuilder.Derive(At(7));

        new TableArchive(() => new TableView(table, InKernel: true, Error: null)).Of(At(7)).Should().BeSameAs(table);
    }

    [Fact]
    public void Of_AnotherState_IsDerivedForItsIndex()
    {
        TableArchive archive = new(() => new TableView(ForwardingTableBuilder.Derive(At(7)), InKernel: true, Error: null));

        archive.Of(At(5)).Index.Should().Be(new LogIndex(5));
        archive.Of(At(6)).Index.Should().Be(new LogIndex(6));
    }

    private static ClusterState At(ulong index) => ClusterState.Empty with { AppliedIndex = new LogIndex(index) };
}
