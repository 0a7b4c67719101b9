using System.Collections.Immutable;
using GaleLb.TestKit.Histories;

namespace GaleLb.Simulation.Tests;

/// <summary>The checkers that judge recorded histories find what they are there to find, and nothing else.</summary>
public sealed class HistoryTests
{
    private const string Nothing = "nothing";

    [Fact]
    public void Check_OneAfterTheOther_IsLinearizable() =>
        Check(Order("a", 1, 2), Read("a", 3, 4), Order("b", 5, 6), Read("b", 7, 8)).Should().BeEmpty();

    [Fact]
    public void Check_AcknowledgedOrderLost_IsFound() =>
        Check(Order("a", 1, 2), Order("b", 3, 4), Read("a", 5, 6)).Should().ContainSingle().Which.Should().Contain("\"b\"");

    [Fact]
    public void Check_StaleRead_IsFound() =>
        Check(Order("a", 1, 10), Read("a", 2, 3), Read(Nothing, 4, 5)).Should().ContainSingle();

    [Fact]
    public void Check_OrderCarriedOutTwice_IsFound() =>
        Check(Order("a", 1, 2), Order("b", 3, 4), Read("b", 5, 6), Read("a", 7, 8)).Should().NotBeEmpty();

    [Fact]
    public void Check_ReadBeforeItsOrder_IsFound() => Check(Read("a", 1, 2), Order("a", 3, 4)).Should().ContainSingle();

    [Fact]
    public void Check_ValueOfNobody_IsFound() => Check(Read("a", 1, 2)).Should().ContainSingle();

    [Fact]
    public void Check_OrderWithoutAnAnswer_MayHaveHappenedAtAnyTimeOrNever()
    {
        Check(Order("a", 1, null), Read(Nothing, 2, 3), Read("a", 4, 5)).Should().BeEmpty();
        Check(Order("a", 1, null), Read(Nothing, 2, 3)).Should().BeEmpty();
        Check(Order("a", 1, null), Order("b", 2, 3), Read("a", 4, 5), Read("b", 6, 7)).Should().NotBeEmpty("it happened after b, or before, and not both");
    }

    [Fact]
    public void Check_ValueWrittenTwice_IsRefused()
    {
        Action check = () => Check(Order("a", 1, 2), Order("a", 3, 4));
        check.Should().Throw<ArgumentException>();
    }

    /// <summary>All histories of up to five operations on one register that a seeded source makes, judged by trying every order.</summary>
    [Fact]
    public void Check_RandomHistories_JudgesAsTryingEveryOrderDoes()
    {
        int refused = 0;
        for (int seed = 0; seed < 20_000; seed++)
        {
            ImmutableArray<RegisterOperation> history = RandomHistory(new Random(seed));
            bool expected = CanBeOrdered([.. history], Nothing);
            RegisterChecker.Check(history, _ => Nothing).IsEmpty.Should().Be(expected, $"of seed {seed}: {string.Join("; ", history)}");
            refused += expected ? 0 : 1;
        }

        refused.Should().BeInRange(2_000, 18_000, "both kinds of history are tried");
    }

    [Fact]
    public void Check_IndexesInOrder_AreFine() =>
        IndexChecker.Check([new(5, 1, 4, "a"), new(4, 2, 3, "b"), new(6, 5, 6, "c")]).Should().BeEmpty("a and b ran beside each other");

    [Fact]
    public void Check_IndexBelowThatOfAnEarlierOrder_IsFound() =>
        IndexChecker.Check([new(5, 1, 2, "a"), new(4, 3, 4, "b")]).Should().ContainSingle().Which.Should().Contain("b has index 4");

    [Fact]
    public void Check_IndexOfTwoOrders_IsFound() =>
        IndexChecker.Check([new(5, 1, 4, "a"), new(5, 2, 3, "b")]).Should().ContainSingle();

    private static ImmutableArray<string> Check(params ImmutableArray<RegisterOperation> history) => RegisterChecker.Check(history, _ => Nothing);

    private static RegisterOperation Order(string value, long invoked, long? answered) => new("key", IsWrite: true, value, invoked, answered, "client");

    private static RegisterOperation Read(string value, long invoked, long answered) => new("key", IsWrite: false, value, invoked, answered, "client");

    private static ImmutableArray<RegisterOperation> RandomHistory(Random random)
    {
        int count = 2 + random.Next(4);
        long[] times = [.. Enumerable.Range(0, 2 * count).Select(i => (long)i)];
        random.Shuffle(times);
        int orders = 1 + random.Next(Math.Min(3, count));
        ImmutableArray<RegisterOperation>.Builder history = ImmutableArray.CreateBuilder<RegisterOperation>();
        for (int i = 0; i < count; i++)
        {
            (long from, long to) = (Math.Min(times[2 * i], times[(2 * i) + 1]), Math.Max(times[2 * i], times[(2 * i) + 1]));
            int value = random.Next(orders + 1);
            history.Add(i < orders ? Order($"{i}", from, random.Next(4) == 0 ? null : to) : Read(value == orders ? Nothing : $"{value}", from, to));
        }

        return history.ToImmutable();
    }

    /// <summary>Whether some sequence of the operations, each after those that had ended before it began, explains all reads.</summary>
    private static bool CanBeOrdered(List<RegisterOperation> left, string value)
    {
        if (left.TrueForAll(o => o.Answered is null))
            return true;
        foreach (RegisterOperation next in left)
        {
            if (left.Exists(o => o.Answered < next.Invoked) || (!next.IsWrite && next.Value != value))
                continue;
            if (CanBeOrdered([.. left.Where(o => o != next)], next.IsWrite ? next.Value : value))
                return true;
        }

        return false;
    }
}
