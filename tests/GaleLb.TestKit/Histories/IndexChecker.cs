using System.Collections.Immutable;

namespace GaleLb.TestKit.Histories;

/// <summary>An acknowledged order with the log index that its answer named. Times as in <see cref="RegisterOperation"/>.</summary>
public sealed record AcknowledgedOrder(ulong Index, long Invoked, long Answered, string Name);

/// <summary>Whether the indexes that orders were answered with can be the order in which they were carried out.</summary>
public static class IndexChecker
{
    /// <summary>What is wrong, one line a fault: an index that two orders have, or one below that of an order that had ended before.</summary>
    public static ImmutableArray<string> Check(IReadOnlyCollection<AcknowledgedOrder> orders)
    {
        ImmutableArray<string>.Builder faults = ImmutableArray.CreateBuilder<string>();
        foreach (IGrouping<ulong, AcknowledgedOrder> shared in orders.GroupBy(o => o.Index).Where(g => g.Count() > 1))
            faults.Add($"index {shared.Key} belongs to {string.Join(" and to ", shared.Select(o => o.Name))}");
        Queue<AcknowledgedOrder> ended = new(orders.OrderBy(o => o.Answered));
        AcknowledgedOrder? highest = null;
        foreach (AcknowledgedOrder order in orders.OrderBy(o => o.Invoked))
        {
            while (ended.TryPeek(out AcknowledgedOrder? before) && before.Answered < order.Invoked)
            {
                ended.Dequeue();
                if (highest is null || before.Index > highest.Index)
                    highest = before;
            }

            if (highest is not null && highest.Index > order.Index)
                faults.Add($"{order.Name} has index {order.Index}, but {highest.Name} with {highest.Index} had ended before it began");
        }

        return faults.ToImmutable();
    }
}
