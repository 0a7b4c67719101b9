using GaleLb.Node.Heartbeats;

namespace GaleLb.Node.Tests.Heartbeats;

public sealed class ReplicaSelectorTests
{
    [Fact]
    public void Next_WithinTheFirstRound_TriesEachOnceWithoutWaiting()
    {
        ReplicaSelector selector = new(3, new Random(1));

        (int Index, TimeSpan Delay)[] attempts = [selector.Next(), selector.Next(), selector.Next()];

        attempts.Select(a => a.Index).Should().BeEquivalentTo([0, 1, 2]);
        attempts.Should().OnlyContain(a => a.Delay == TimeSpan.Zero);
        selector.HasListFailed.Should().BeTrue();
    }

    [Fact]
    public void Next_WholeListFailed_WaitsOnceARound()
    {
        ReplicaSelector selector = new(3, new Random(1));

        bool[] waits = [.. Enumerable.Range(0, 9).Select(_ => selector.Next().Delay > TimeSpan.Zero)];

        waits.Should().Equal(false, false, false, true, false, false, true, false, false);
    }

    [Fact]
    public void Next_RoundAfterRound_WaitsLongerUpToTheLimitWithJitter()
    {
        ReplicaSelector selector = new(1, new Random(7));
        selector.Next();

        TimeSpan[] delays = [.. Enumerable.Range(0, 100).Select(_ => selector.Next().Delay)];

        for (int round = 0; round < delays.Length; round++)
        {
            TimeSpan full = ReplicaSelector.BackoffMin * Math.Pow(2, Math.Min(round, 20));
            full = full < ReplicaSelector.BackoffMaxDefault ? full : ReplicaSelector.BackoffMaxDefault;
            delays[round].Should().BeGreaterThanOrEqualTo(full / 2).And.BeLessThanOrEqualTo(full);
        }
        delays[10..].Distinct().Count().Should().BeGreaterThan(80, "nodes must not return in step");
    }

    [Fact]
    public void Succeed_AfterABackoff_TheNextFailureGoesToTheNextReplicaAtOnce()
    {
        ReplicaSelector selector = new(3, new Random(1));
        int[] order = [selector.Next().Index, selector.Next().Index, selector.Next().Index];
        selector.Next();
        selector.Next().Index.Should().Be(order[1]);
        selector.Succeed();

        selector.HasListFailed.Should().BeFalse();
        selector.Next().Should().Be((order[2], TimeSpan.Zero));
        selector.Next().Should().Be((order[0], TimeSpan.Zero));
    }

    [Fact]
    public void Next_ReplicaOfManyNodesDies_TheySpreadOverTheOthers()
    {
        Random random = new(42);
        int[] seconds = new int[3];
        for (int node = 0; node < 3000; node++)
        {
            ReplicaSelector selector = new(3, random);
            if (selector.Next().Index == 0)
                seconds[selector.Next().Index]++;
        }

        seconds[1].Should().BeGreaterThan(400);
        seconds[2].Should().BeGreaterThan(400);
    }

    [Fact]
    public void Next_ManyNodes_StartAtEveryReplica()
    {
        Random random = new(42);
        int[] starts = new int[3];
        for (int node = 0; node < 3000; node++)
            starts[new ReplicaSelector(3, random).Next().Index]++;

        starts.Should().OnlyContain(count => count > 850);
    }
}
