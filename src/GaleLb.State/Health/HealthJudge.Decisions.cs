using System.Collections.Immutable;
using GaleLb.Raft;
using GaleLb.State.Commands;
using GaleLb.State.Nodes;

namespace GaleLb.State.Health;

public sealed partial class HealthJudge
{
    /// <summary>Decides about one node and sets its next deadline.</summary>
    private Command? Judge(NodeWatch watch, LogTime logTimeNow, TimeSpan now)
    {
        if (!ReferenceEquals(_watches.GetValueOrDefault(watch.Name), watch))
            return null;
        NodeRecord? record = _state.FindNode(watch.Name);
        watch.Record = record;
        watch.RemoveRivalsSilentSince(now - Timeout, record?.Instance);
        if (record is null && watch.Claimants.Count == 0)
        {
            _watches.Remove(watch.Name);
            return null;
        }

        LogIndex seen = record?.LastChange ?? LogIndex.Zero;
        if (watch.InFlight is { } inFlight && inFlight.Seen != seen)
            watch.InFlight = null;
        if (watch.InFlight is { } waiting && now < waiting.RetryAt)
        {
            watch.IsSteady = false;
            _wheel.Schedule(watch, waiting.RetryAt);
            return null;
        }

        Command? command = record is null ? JudgeStranger(watch, now) : JudgeKnown(watch, record, logTimeNow, now);
        if (command is NodeDecision decision && decision.Node == watch.Name)
            watch.InFlight = InFlight.After(watch.InFlight, seen, now);
        watch.IsSteady = command is null && record is { Phase: NodePhase.Routable, IsSuspect: false }
            && watch.Claimants is [{ Refusal: null } only] && only.PassesSinceNotServingChanged >= Settings.ChecksBeforeRouting;
        _wheel.Schedule(watch, NextDeadline(watch, record, logTimeNow, now));
        return command;
    }

    private Command? JudgeKnown(NodeWatch watch, NodeRecord record, LogTime logTimeNow, TimeSpan now)
    {
        Claimant holder = watch.Holder(record.Instance, now);
        if (holder.IsLeaving && record.Phase is (NodePhase.Routable or NodePhase.Probing))
            return new NodeDown(record.Name, record.LastChange, DownReason.Leaving);
        if (JudgeRivals(watch, record, holder, now) is { } takeover)
            return takeover;
        bool silent = IsSilent(holder, now);
        return record.Phase switch
        {
            NodePhase.Routable or NodePhase.Probing => JudgeUp(watch, record, holder, silent, logTimeNow, now),
            NodePhase.Down => JudgeDown(watch, record, holder, silent, logTimeNow, now),
            _ => JudgeFlows(record, logTimeNow),
        };
    }

    private Command? JudgeUp(
        NodeWatch watch, NodeRecord record, Claimant holder, bool silent, LogTime logTimeNow, TimeSpan now)
    {
        if (silent || holder is { Last: not null, IsServing: false })
        {
            // Who was put on probation without a sign of life has not failed again.
            bool neverHeard = record.Phase == NodePhase.Probing && (holder.Last is null || holder.HeardAt <= watch.ProbationAt);
            DownReason reason = !silent ? DownReason.NotServing : neverHeard ? DownReason.Silent : DownReason.Timeout;
            bool isHeld = record.IsSuspect && EjectionGuard.Hold(_state, record, logTimeNow) is not null;
            return isHeld ? null : new NodeDown(record.Name, record.LastChange, reason);
        }

        if (holder.Last is null)
            return null;
        if (record.IsSuspect)
            return new NodeSuspectCleared(record.Name, record.LastChange);
        if (Describes(holder, record) is false)
            return Claim(watch, holder, record.LastChange, now);
        if (JudgeServices(record, holder) is { } health)
            return health;
        if (record.Phase == NodePhase.Probing)
            return holder.Passes >= Settings.ChecksBeforeRouting ? new NodeRoutable(record.Name, record.LastChange) : null;
        return record.Fails > 0 && logTimeNow.Since(record.PhaseSince) >= Settings.BlackListExpiryMs
            ? new NodeFailsReset(record.Name, record.LastChange)
            : null;
    }

    private Command? JudgeDown(
        NodeWatch watch, NodeRecord record, Claimant holder, bool silent, LogTime logTimeNow, TimeSpan now)
    {
        if (!silent && holder.IsServing)
        {
            return record.Place is null || Describes(holder, record) is false
                ? Claim(watch, holder, record.LastChange, now)
                : new NodeReturned(record.Name, record.LastChange);
        }

        if (JudgeFlows(record, logTimeNow) is { } refused)
            return refused;
        return silent && logTimeNow.Since(record.PhaseSince) >= Settings.ForgetAfterMs
            ? new NodeForget(record.Name, record.LastChange)
            : null;
    }

    private NodeFlowsRefused? JudgeFlows(NodeRecord record, LogTime logTimeNow) =>
        !record.FlowsRefused && logTimeNow.Since(record.PhaseSince) >= Settings.FlowGraceMs
            ? new NodeFlowsRefused(record.Name, record.LastChange)
            : null;

    /// <summary>A service checked bad goes at once; one checked good again comes back after checks_before_routing passes.</summary>
    private NodeServiceHealth? JudgeServices(NodeRecord record, Claimant holder)
    {
        ImmutableArray<string> said = holder.NotServing;
        if (said.AsSpan().SequenceEqual(record.NotServing.AsSpan()))
            return null;
        bool calm = holder.PassesSinceNotServingChanged >= Settings.ChecksBeforeRouting;
        ImmutableArray<string> next = calm ? said : NodeDescription.Canonical(said.AddRange(record.NotServing));
        return next.AsSpan().SequenceEqual(record.NotServing.AsSpan())
            ? null
            : new NodeServiceHealth(record.Name, record.LastChange, next);
    }

    private static bool? Describes(Claimant holder, NodeRecord record) => holder.Description is not { } said
        ? null
        : record.Place is not null && said.Address.Equals(record.Place.Address) && said.Port == record.Port
            && said.Weight == record.Weight && said.Services.AsSpan().SequenceEqual(record.Services.AsSpan());

    private bool IsSilent(Claimant claimant, TimeSpan now) => now - claimant.HeardAt >= Timeout;

    private TimeSpan NextDeadline(NodeWatch watch, NodeRecord? record, LogTime logTimeNow, TimeSpan now)
    {
        TimeSpan next = TimeSpan.MaxValue;
        if (watch.InFlight is { } inFlight)
            next = inFlight.RetryAt;
        foreach (Claimant claimant in watch.Claimants)
            if (!IsSilent(claimant, now))
                Earlier(claimant.HeardAt + Timeout);
        if (record is not null)
        {
            if (record.SuspectSince is { } suspect)
                EarlierInLog(suspect.Plus(Settings.ChecksTimeoutMs), orAfter: Settings.ChecksTimeoutMs);
            if (record.Phase is NodePhase.Down or NodePhase.Blacklisted && !record.FlowsRefused)
                EarlierInLog(record.PhaseSince.Plus(Settings.FlowGraceMs), orAfter: Settings.ChecksTimeoutMs);
            if (record.Phase == NodePhase.Down)
                EarlierInLog(record.PhaseSince.Plus(Settings.ForgetAfterMs), orAfter: Settings.ChecksTimeoutMs);
            if (record is { Phase: NodePhase.Routable, Fails: > 0 })
                EarlierInLog(record.PhaseSince.Plus(Settings.BlackListExpiryMs), orAfter: Settings.ChecksTimeoutMs);
        }

        return next == TimeSpan.MaxValue ? now + Timeout : next;

        void Earlier(TimeSpan deadline) => next = deadline < next ? deadline : next;

        void EarlierInLog(LogTime due, long orAfter)
        {
            long ms = due.Since(logTimeNow);
            Earlier(now + TimeSpan.FromMilliseconds(ms > 0 ? ms : orAfter));
        }
    }
}
