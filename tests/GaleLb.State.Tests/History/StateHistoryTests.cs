using System.Collections.Immutable;
using GaleLb.Raft;
using GaleLb.State.Commands;
using GaleLb.State.Events;
using GaleLb.State.History;

namespace GaleLb.State.Tests.History;

public sealed class StateHistoryTests
{
    [Fact]
    public void Find_EachKeptIndex_IsTheStateOfThen()
    {
        Cluster cluster = Cluster.Founded();
        StateHistory history = StateHistory.Empty.With(cluster.State);
        List<ClusterState> states = [cluster.State];
        for (int i = 0; i < 5; i++)
        {
            cluster.Apply(new RaiseStateVersion(1));
            states.Add(cluster.State);
            history = history.With(cluster.State);
        }

        states.Should().AllSatisfy(state => history.Find(state.AppliedIndex).Should().BeSameAs(state));
        (history.Oldest, history.Newest, history.Count).Should().Be((states[0].AppliedIndex, states[^1].AppliedIndex, 6));
    }

    [Fact]
    public void Find_OutsideWhatIsKept_IsNull()
    {
        StateHistory history = StateHistory.Empty.With(At(7)).With(At(8));

        history.Find(new LogIndex(6)).Should().BeNull();
        history.Find(new LogIndex(9)).Should().BeNull();
        history.Find(new LogIndex(ulong.MaxValue)).Should().BeNull();
        StateHistory.Empty.Find(LogIndex.Zero).Should().BeNull();
        (StateHistory.Empty.Oldest, StateHistory.Empty.Newest).Should().Be((LogIndex.Zero, LogIndex.Zero));
    }

    [Fact]
    public void With_MoreThanFit_DropsTheOldest()
    {
        StateHistory history = StateHistory.Empty;

        for (ulong index = 1; index <= StateHistory.StatesMax + 10; index++)
            history = history.With(At(index));

        (history.Count, history.Oldest).Should().Be((StateHistory.StatesMax, new LogIndex(11)));
        history.Find(new LogIndex(11))!.AppliedIndex.Should().Be(new LogIndex(11));
        history.Find(new LogIndex(10)).Should().BeNull();
    }

    [Fact]
    public void With_EntriesThatChangeMuch_KeepsFewer()
    {
        StateHistory history = StateHistory.Empty;

        for (ulong index = 1; index <= 100; index++)
            history = history.With(At(index, told: 1000));

        history.Count.Should().Be(StateHistory.ChangesMax / 1000);
        history.Newest.Should().Be(new LogIndex(100));
    }

    [Fact]
    public void With_OneEntryBeyondTheBound_IsKeptAlone()
    {
        StateHistory history = StateHistory.Empty.With(At(1)).With(At(2, told: StateHistory.ChangesMax + 1));

        (history.Count, history.Newest).Should().Be((1, new LogIndex(2)));
        history.With(At(3)).Count.Should().Be(1, "the large one makes room");
    }

    [Theory]
    [InlineData(40)]
    [InlineData(8)]
    [InlineData(3)]
    public void With_AStateThatLeavesAGap_BeginsAnew(ulong restored)
    {
        StateHistory history = StateHistory.Empty.With(At(7)).With(At(8)).With(At(restored));

        (history.Count, history.Oldest, history.Newest).Should().Be((1, new LogIndex(restored), new LogIndex(restored)));
    }

    [Theory]
    [InlineData(0, 6)]
    [InlineData(2, 6)]
    [InlineData(3, 4)]
    [InlineData(5, 1)]
    [InlineData(6, 0)]
    public void EventsAfter_AnIndex_AreThoseOfLaterEntries(ulong index, int expected)
    {
        ClusterState state = ClusterState.Empty with { Events = [.. new ulong[] { 3, 3, 4, 5, 5, 6 }.Select(Told)] };

        state.EventsAfter(new LogIndex(index)).Should().Equal(state.Events.Where(e => e.Index.Value > index)).And.HaveCount(expected);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(41, false)]
    [InlineData(42, true)]
    [InlineData(99, true)]
    public void HasAllEventsAfter_OnceSomeWereDropped_IsOnlySoFromTheOldestOn(ulong index, bool expected)
    {
        ClusterState full = ClusterState.Empty with { Events = [.. Enumerable.Repeat(Told(42), ClusterState.EventsMax)] };

        full.HasAllEventsAfter(new LogIndex(index)).Should().Be(expected);
        (full with { Events = full.Events.RemoveAt(0) }).HasAllEventsAfter(new LogIndex(index)).Should().BeTrue("none was dropped");
    }

    private static ClusterState At(ulong index, int told = 1) => ClusterState.Empty with
    {
        AppliedIndex = new LogIndex(index),
        Events = ImmutableList.CreateRange(Enumerable.Repeat(Told(index), told)),
    };

    private static StateEvent Told(ulong index) => new(new LogIndex(index), default, 0, EventKind.NodeChanged, "node-1", "leader", "");
}
