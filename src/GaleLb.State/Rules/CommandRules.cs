using System.Collections.Immutable;
using GaleLb.Raft;
using GaleLb.State.Commands;
using GaleLb.State.Forwarding;

namespace GaleLb.State.Rules;

/// <summary>Applies commands: the one way in which a state changes. Total: every command has an answer in every state.</summary>
public static class CommandRules
{
    public static (ClusterState State, CommandAnswer Answer) Apply(
        ClusterState state, LogIndex index, CommandEnvelope envelope)
    {
        Transition transition = new(state, index, envelope);
        ulong bodyHash = 0;
        if (envelope.IdempotencyKey is { } key)
        {
            bodyHash = XxHash64.Of(CommandCodec.EncodeBody(envelope.Command), seed: 0);
            if (state.Answers.TryGetValue(key, out RememberedAnswer? remembered))
                return (transition.State, Repeat(transition, remembered, bodyHash));
        }

        CommandAnswer answer = CheckIfMatch(transition, envelope) ?? Judge(transition, envelope.Command);
        transition.AssignRings(state);
        if (envelope.IdempotencyKey is not null && answer.IsOk)
            Remember(transition, new RememberedAnswer(envelope.IdempotencyKey, bodyHash, answer));
        return (transition.State, answer);
    }

    private static CommandAnswer Judge(Transition transition, Command command)
    {
        if (command is Bootstrap bootstrap)
            return ClusterRules.Found(transition, bootstrap);
        if (!transition.State.IsFounded)
            return transition.Conflict("the cluster has not been founded");
        return command switch
        {
            Batch batch => JudgeBatch(transition, batch),
            NodeRegister register => RegistrationRules.Register(transition, register),
            NodeDecision decision => HealthRules.Judge(transition, decision),
            NodeOrder order => NodeOrderRules.Judge(transition, order),
            ServiceOrder order => ServiceRules.Judge(transition, order),
            BlockOrder or BlockExpired => BlockRules.Judge(transition, command),
            PlaceReleased released => RegistrationRules.Release(transition, released),
            _ => ClusterRules.Judge(transition, command),
        };
    }

    private static CommandAnswer JudgeBatch(Transition transition, Batch batch)
    {
        ImmutableArray<CommandAnswer>.Builder items = ImmutableArray.CreateBuilder<CommandAnswer>(batch.Commands.Length);
        foreach (Command command in batch.Commands)
            items.Add(command is Batch ? transition.Invalid("", "batches do not nest") : Judge(transition, command));
        return transition.Ok() with { Items = items.MoveToImmutable() };
    }

    private static CommandAnswer? CheckIfMatch(Transition transition, CommandEnvelope envelope)
    {
        if (envelope.IfMatch is not { } expected)
            return null;
        ClusterState state = transition.State;
        LogIndex? actual = envelope.Command switch
        {
            NodeOrder order => state.FindNode(order.Node)?.LastChange,
            ServiceOrder order => state.FindService(order.Service)?.LastChange,
            BlockOrder order => state.Blocks.GetValueOrDefault(order.Prefix)?.LastChange,
            StageSettings or UnstageSettings => state.SettingsLastChange,
            _ => null,
        };
        if (actual is { } changed)
            return changed == expected ? null : transition.Stale($"it last changed at index {changed}, not at {expected}");
        // What was seen has gone since: an order that would make it anew is not what its giver compared with.
        return envelope.Command is BanNode or AddService or BlockClients ? transition.Stale($"it does not exist, so it did not last change at {expected}") : null;
    }

    private static CommandAnswer Repeat(Transition transition, RememberedAnswer remembered, ulong bodyHash) =>
        remembered.BodyHash == bodyHash
            ? remembered.Answer
            : transition.Invalid("idempotency_key", $"the key '{remembered.Key}' was used at index {remembered.Answer.Index} for another order");

    private static void Remember(Transition transition, RememberedAnswer answer)
    {
        ClusterState state = transition.State;
        ImmutableSortedDictionary<string, RememberedAnswer> answers = state.Answers.SetItem(answer.Key, answer);
        ImmutableList<string> keys = state.AnswerKeys.Add(answer.Key);
        if (keys.Count > ClusterState.AnswersMax)
        {
            answers = answers.Remove(keys[0]);
            keys = keys.RemoveAt(0);
        }

        transition.State = state with { Answers = answers, AnswerKeys = keys };
    }
}
