using System.Collections.Immutable;
using GaleLb.State.Nodes;

namespace GaleLb.State.Health;

/// <summary>One process that speaks for a node's name, as this leader has heard it.</summary>
internal sealed class Claimant(ulong instance, TimeSpan heardAt)
{
    /// <summary>Half an interval may a heartbeat come early and still count, so that jitter does not cost a pass.</summary>
    private static TimeSpan Early(TimeSpan interval) => TimeSpan.FromTicks(interval.Ticks / 2);

    private TimeSpan? _nextPassAt;

    public ulong Instance { get; } = instance;

    /// <summary>When it was last heard, or as if it was: a new leader grants everyone a full checks_timeout.</summary>
    public TimeSpan HeardAt { get; set; } = heardAt;

    /// <summary>Null while this leader has not heard it.</summary>
    public HeartbeatObservation? Last { get; private set; }
    public NodeDescription? Description { get; private set; }
    public ImmutableArray<string> NotServing { get; private set; } = [];

    /// <summary>Heartbeats in a row that said serving, one an interval.</summary>
    public int Passes { get; private set; }

    /// <summary>Of these, since it last changed which services it does not serve.</summary>
    public int PassesSinceNotServingChanged { get; private set; }

    /// <summary>Why its heartbeats are not accepted, null if they are.</summary>
    public string? Refusal { get; set; }

    public bool IsServing => Last?.Status == ServingStatus.Serving;
    public bool IsLeaving => Last?.Status == ServingStatus.Leaving;

    public void RestartPasses()
    {
        Passes = 0;
        PassesSinceNotServingChanged = 0;
    }

    /// <summary>Takes a heartbeat in; true when it says anything new.</summary>
    public bool Hear(HeartbeatObservation heartbeat, TimeSpan at, TimeSpan interval, TimeSpan timeout)
    {
        if (Last is not null && at < HeardAt)
            return false;
        if (at - HeardAt >= timeout || heartbeat.Status != ServingStatus.Serving)
            RestartPasses();
        HeardAt = at > HeardAt ? at : HeardAt;
        bool isNew = Last is null || Differs(Last, heartbeat);
        if (isNew)
            Describe(heartbeat);
        Last = heartbeat;
        if (heartbeat.Status == ServingStatus.Serving)
            CountPass(at, interval);
        return isNew;
    }

    private void CountPass(TimeSpan at, TimeSpan interval)
    {
        if (at < _nextPassAt - Early(interval))
            return;
        _nextPassAt = (_nextPassAt is { } due && due > at ? due : at) + interval;
        Passes++;
        PassesSinceNotServingChanged++;
    }

    private void Describe(HeartbeatObservation heartbeat)
    {
        Description = new NodeDescription(
            heartbeat.Instance, heartbeat.Address, heartbeat.Port, heartbeat.Weight, NodeDescription.Canonical(heartbeat.Services));
        ImmutableArray<string> notServing = NodeDescription.Canonical(heartbeat.NotServing);
        if (notServing.AsSpan().SequenceEqual(NotServing.AsSpan()))
            return;
        NotServing = notServing;
        PassesSinceNotServingChanged = 0;
    }

    private static bool Differs(HeartbeatObservation a, HeartbeatObservation b) =>
        a.Status != b.Status || a.Port != b.Port || a.Weight != b.Weight || !a.Address.Equals(b.Address)
        || !a.Services.AsSpan().SequenceEqual(b.Services.AsSpan())
        || !a.NotServing.AsSpan().SequenceEqual(b.NotServing.AsSpan());
}
