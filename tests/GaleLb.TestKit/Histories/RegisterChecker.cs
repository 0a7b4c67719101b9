using System.Collections.Immutable;

namespace GaleLb.TestKit.Histories;

/// <summary>
/// Whether a recorded history is linearizable: whether every operation can have taken effect at one moment between its
/// request and its answer. Each key is a register; no value is written twice to it, so that every read names its order.
/// Exact, in O(n log n).
/// </summary>
/// <remarks>
/// After Gibbons and Korach, "Testing Shared Memories" (1997): an order and the reads of its value are a cluster. From the
/// first answer of a cluster to its last request its value must be the register's (the cluster is "forward"), so such spans
/// of two clusters may not overlap. A cluster whose requests all precede its first answer needs one moment between the last
/// request and the first answer, and has none if a forward span covers them all.
/// </remarks>
public static class RegisterChecker
{
    /// <summary>What is wrong with a history, in words, one line a fault; empty if it is linearizable.</summary>
    /// <param name="initial">What every register holds before the first order.</param>
    /// <exception cref="ArgumentException">A value was written twice to one register, so that reads of it do not say whose it was.</exception>
    public static ImmutableArray<string> Check(IEnumerable<RegisterOperation> history, Func<string, string> initial) =>
        [.. history.GroupBy(o => o.Key, StringComparer.Ordinal).SelectMany(key => CheckRegister(key, initial(key.Key)))];

    private static IEnumerable<string> CheckRegister(IGrouping<string, RegisterOperation> register, string initial)
    {
        Dictionary<string, Cluster> clusters = new(StringComparer.Ordinal)
        {
            [initial] = new Cluster(new RegisterOperation(register.Key, IsWrite: true, initial, long.MinValue, long.MinValue, "at first somebody")),
        };
        foreach (RegisterOperation order in register.Where(o => o.IsWrite))
            if (!clusters.TryAdd(order.Value, new Cluster(order)))
                throw new ArgumentException($"\"{order.Value}\" was written to {order.Key} twice.", nameof(register));
        foreach (RegisterOperation read in register.Where(o => !o.IsWrite))
        {
            if (!clusters.TryGetValue(read.Value, out Cluster? cluster))
                yield return $"nobody wrote what was read: {read}";
            else if (read.Answered < cluster.Order.Invoked)
                yield return $"read before it was asked for: {read}, but {cluster.Order}";
            else
                cluster.Add(read);
        }

        // An order without an answer whose value nobody saw need never have been carried out.
        foreach (string fault in CheckSpans([.. clusters.Values.Where(c => c.FirstAnswer < long.MaxValue)]))
            yield return fault;
    }

    private static IEnumerable<string> CheckSpans(ImmutableArray<Cluster> clusters)
    {
        ImmutableArray<Cluster> forward = [.. clusters.Where(c => c.IsForward).OrderBy(c => c.FirstAnswer)];
        for (int i = 1; i < forward.Length; i++)
            if (forward[i].FirstAnswer < forward[i - 1].LastRequest)
                yield return Words(forward[i - 1], forward[i]);
        foreach (Cluster backward in clusters.Where(c => !c.IsForward))
            if (Covering(forward, backward) is { } covering)
                yield return Words(covering, backward);
    }

    /// <summary>The forward span that begins last before a cluster's requests: spans do not overlap, so no other can cover it.</summary>
    private static Cluster? Covering(ImmutableArray<Cluster> forward, Cluster cluster)
    {
        int low = 0;
        for (int high = forward.Length; low < high;)
        {
            int middle = (low + high) / 2;
            if (forward[middle].FirstAnswer < cluster.LastRequest)
                low = middle + 1;
            else
                high = middle;
        }

        return low > 0 && cluster.FirstAnswer < forward[low - 1].LastRequest ? forward[low - 1] : null;
    }

    private static string Words(Cluster one, Cluster other) =>
        $"{one.Order.Key} was \"{one.Order.Value}\" from {one.First} to {one.Last}, " +
        $"and \"{other.Order.Value}\" from {other.First} to {other.Last}: no order of these explains both";

    /// <summary>An order with the reads of its value.</summary>
    private sealed class Cluster(RegisterOperation order)
    {
        public RegisterOperation Order { get; } = order;

        /// <summary>The operation that was answered first.</summary>
        public RegisterOperation First { get; private set; } = order;

        /// <summary>The operation that was asked for last.</summary>
        public RegisterOperation Last { get; private set; } = order;

        public long FirstAnswer => First.Answered ?? long.MaxValue;

        public long LastRequest => Last.Invoked;

        public bool IsForward => FirstAnswer < LastRequest;

        public void Add(RegisterOperation read)
        {
            if (read.Answered is { } answered && answered < FirstAnswer)
                First = read;
            if (read.Invoked > LastRequest)
                Last = read;
        }
    }
}
