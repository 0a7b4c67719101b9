using GaleLb.LoadBalancer.Cluster;
using GaleLb.LoadBalancer.Rest;
using GaleLb.Raft;
using GaleLb.State;
using GaleLb.State.Events;

namespace GaleLb.LoadBalancer.Watching;

/// <summary>
/// The events of each entry in one message, so that a stream that is resumed after an index has missed none of it. Zero for
/// <c>after</c>: from the oldest that is kept.
/// </summary>
internal sealed class EventFeed(ClusterMachine machine, LogIndex after) : IWatchFeed
{
    private LogIndex _told = after;

    /// <summary>Why a stream cannot go on after an index; null when it can.</summary>
    public static Problem? Check(ClusterState state, LogIndex after) =>
        after > state.AppliedIndex ? Problem.NotYet(after, state.AppliedIndex, "from")
        : after != LogIndex.Zero && !state.HasAllEventsAfter(after) ? Problem.Gone(after, state.Events[0].Index, "from")
        : null;

    public IEnumerable<WatchMessage> Next()
    {
        ClusterState state = machine.State;
        if (Check(state, _told) is { } problem)
        {
            yield return WatchMessage.Of("gone", id: null, problem.Document, RestJson.Answers.ProblemDocument, endsStream: true);
            yield break;
        }

        List<EventDocument> entry = [];
        LogIndex index = _told;
        foreach (StateEvent told in state.EventsAfter(_told))
        {
            if (told.Index != index && entry.Count > 0)
            {
                yield return Message(index, entry);
                _told = index;
                entry = [];
            }

            index = told.Index;
            entry.Add(EventDocument.Of(told));
        }

        if (entry.Count > 0)
            yield return Message(index, entry);
        _told = state.AppliedIndex;
    }

    private static WatchMessage Message(LogIndex index, List<EventDocument> events) =>
        WatchMessage.Of("events", index, new EventsDocument(events) { AppliedIndex = index.Value }, RestJson.Answers.EventsDocument);
}
