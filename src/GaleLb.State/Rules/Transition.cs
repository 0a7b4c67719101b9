using System.Collections.Immutable;
using GaleLb.Raft;
using GaleLb.State.Commands;
using GaleLb.State.Events;
using GaleLb.State.Nodes;
using GaleLb.State.Services;

namespace GaleLb.State.Rules;

/// <summary>
/// One entry's way from a state to the next: the working state, and the bookkeeping that every change of a node or a
/// service needs. Rules read <see cref="State"/> and change it through these methods only.
/// </summary>
internal sealed class Transition(ClusterState state, LogIndex index, CommandEnvelope envelope)
{
    private ImmutableSortedSet<string> _servicesWithChangedInput = [];

    public ClusterState State { get; set; } = state with
    {
        AppliedIndex = index,
        LogTime = LogTime.Later(state.LogTime, envelope.LogTime),
    };

    public LogIndex Index { get; } = index;
    public LogTime Now => State.LogTime;

    public CommandAnswer Ok(string message = "") => CommandAnswer.Ok(Index, message);
    public CommandAnswer NotFound(string message) => Refuse(CommandOutcome.NotFound, message);
    public CommandAnswer Conflict(string message, string field = "") => Refuse(CommandOutcome.Conflict, message, field);
    public CommandAnswer Invalid(string field, string message) => Refuse(CommandOutcome.Invalid, message, field);
    public CommandAnswer Stale(string message) => Refuse(CommandOutcome.PreconditionFailed, message);
    public CommandAnswer UnknownNode(string name) => NotFound($"no node is named '{name}'");

    public void Tell(EventKind kind, string subject, string cause)
    {
        ImmutableList<StateEvent> events = State.Events.Count < ClusterState.EventsMax ? State.Events : State.Events.RemoveAt(0);
        StateEvent told = new(Index, Now, envelope.WallTimeMs, kind, subject, envelope.Origin, cause);
        State = State with { Events = events.Add(told) };
    }

    /// <summary>Stores a new or changed record (<paramref name="before"/> is the stored one, if any) and what follows from it.</summary>
    public NodeRecord PutNode(NodeRecord? before, NodeRecord after)
    {
        bool sameToken = before is not null && before.Place == after.Place && before.EffectiveWeight == after.EffectiveWeight;
        after = after with
        {
            LastChange = Index,
            RingToken = sameToken ? before!.RingToken : RingInput.Token(State.HashSeed, after),
        };
        Exchange(before, after);
        State = State with { Nodes = State.Nodes.SetItem(after.Name, after) };
        return after;
    }

    public void DropNode(NodeRecord node)
    {
        Exchange(node, null);
        State = State with { Nodes = State.Nodes.Remove(node.Name) };
    }

    public void PutService(ServiceRecord service)
    {
        State = State with { Services = State.Services.SetItem(service.Name, service) };
        _servicesWithChangedInput = _servicesWithChangedInput.Add(service.Name);
    }

    public void DropService(ServiceRecord service)
    {
        State = State with
        {
            Services = State.Services.Remove(service.Name),
            Rings = service.Ring is null ? State.Rings : RingAssignment.Release(State.Rings, service.RingInput),
        };
        _servicesWithChangedInput = _servicesWithChangedInput.Remove(service.Name);
    }

    /// <summary>Gives rings to the services whose nodes changed. Once an entry, so that a batch costs one change of rings.</summary>
    public void AssignRings(ClusterState before) =>
        State = RingAssignment.Assign(before, State, _servicesWithChangedInput);

    private void Exchange(NodeRecord? before, NodeRecord? after)
    {
        ImmutableSortedDictionary<IpKey, string> holders = State.AddressHolders;
        if (before?.Place != after?.Place)
        {
            if (before?.Place is not null)
                holders = holders.Remove(IpKey.Of(before.Place.Address));
            if (after?.Place is not null)
                holders = holders.SetItem(IpKey.Of(after.Place.Address), after.Name);
        }

        State = State with { AddressHolders = holders, Tally = State.Tally.With(before, after) };
        if (before?.InRing == true || after?.InRing == true)
            ExchangeInRings(before, after);
    }

    private void ExchangeInRings(NodeRecord? before, NodeRecord? after)
    {
        ImmutableSortedDictionary<string, ServiceRecord> services = State.Services;
        foreach (ServiceRecord service in State.Services.Values)
        {
            RingInput input = service.Input;
            if (before is not null && service.HasInRing(before))
                input = input.Remove(before.RingToken);
            if (after is not null && service.HasInRing(after))
                input = input.Add(after.RingToken);
            if (input == service.Input)
                continue;
            services = services.SetItem(service.Name, service with { Input = input });
            _servicesWithChangedInput = _servicesWithChangedInput.Add(service.Name);
        }

        State = State with { Services = services };
    }

    private CommandAnswer Refuse(CommandOutcome outcome, string message, string field = "") =>
        new(Index, outcome, message, field, []);
}
