using GaleLb.Raft;
using GaleLb.State.Commands;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;

namespace GaleLb.State.Health;

public sealed partial class HealthJudge
{
    /// <summary>A name without a record: the first that still speaks for it registers.</summary>
    private Command? JudgeStranger(NodeWatch watch, TimeSpan now)
    {
        Command? command = null;
        Claimant? first = null;
        foreach (Claimant claimant in watch.Claimants)
        {
            if (claimant.Description is null || claimant.IsLeaving)
                continue;
            if (first is null)
            {
                first = claimant;
                command = Claim(watch, claimant, LogIndex.Zero, now);
                continue;
            }

            RefuseName(watch, claimant, first, now);
        }

        return command;
    }

    /// <summary>
    /// Other processes that speak for a known name. Its holder keeps it unless it left or has been silent for
    /// checks_timeout; a process that comes up where the holder was is its restart, and waits only for the holder to
    /// miss a heartbeat, so that two that run at once do not take the name from each other in turns.
    /// </summary>
    private Command? JudgeRivals(NodeWatch watch, NodeRecord record, Claimant holder, TimeSpan now)
    {
        holder.Refusal = null;
        if (watch.Claimants.Count == 1)
            return null;
        foreach (Claimant rival in watch.Claimants)
        {
            if (rival == holder || rival.Description is not { } said || rival.IsLeaving)
                continue;
            bool samePlace = record.Place is not null && said.Address.Equals(record.Place.Address);
            TimeSpan silence = now - holder.HeardAt;
            bool gone = holder.IsLeaving || silence >= Timeout || (samePlace && silence >= Interval + TimeSpan.FromTicks(Interval.Ticks / 2));
            if (!gone)
                RefuseName(watch, rival, holder, now);
            else if (record.Phase != NodePhase.Blacklisted)
                return Claim(watch, rival, record.LastChange, now);
            else
                rival.Refusal = null; // It takes the name when its time is over; until then it is told how long that is.
        }

        return null;
    }

    /// <summary>Registers what a process says of itself, unless its address is another node's that is not silent.</summary>
    private Command? Claim(NodeWatch watch, Claimant claimant, LogIndex seen, TimeSpan now)
    {
        NodeDescription said = claimant.Description!;
        claimant.Refusal = said.Check() is { } wrong ? $"{wrong.Field}: {wrong.Message}" : null;
        if (claimant.Refusal is not null)
            return null;
        if (seen == LogIndex.Zero && _state.Nodes.Count >= ForwardingTable.NodesMax - 1)
        {
            claimant.Refusal = $"{ForwardingTable.NodesMax - 1} nodes are registered, which is the most";
            return null;
        }

        string? holderName = _state.AddressHolders.GetValueOrDefault(IpKey.Of(said.Address));
        if (holderName is null || holderName == watch.Name)
            return new NodeRegister(watch.Name, seen, said, claimant.IsServing);

        NodeRecord holder = _state.Nodes[holderName];
        NodeWatch holderWatch = _watches[holderName];
        TimeSpan silence = now - (holderWatch.Find(holder.Instance)?.HeardAt ?? now);
        if (silence < Timeout)
        {
            claimant.Refusal = $"address {said.Address} is held by node '{holderName}', heard {Milliseconds(silence)} ms ago";
            Notify(holderWatch, $"node '{watch.Name}' claims this node's address {said.Address} and is refused", now);
            return null;
        }

        if (holder.Phase == NodePhase.Down)
            return new NodeRegister(watch.Name, seen, said, claimant.IsServing);

        // First the silent holder loses it; this claim is looked at again with the next heartbeat.
        if (holderWatch.InFlight is { } inFlight && inFlight.Seen == holder.LastChange && now < inFlight.RetryAt)
            return null;
        holderWatch.InFlight = InFlight.After(holderWatch.InFlight, holder.LastChange, now);
        return new NodeDown(holderName, holder.LastChange, DownReason.AddressLost);
    }

    private static void RefuseName(NodeWatch watch, Claimant rival, Claimant holder, TimeSpan now)
    {
        rival.Refusal = $"the name '{watch.Name}' is held by another process"
            + $" at {holder.Description?.Address.ToString() ?? "an address not heard yet"}, heard {Milliseconds(now - holder.HeardAt)} ms ago";
        Notify(watch, $"another process, at {rival.Description?.Address}, claims the name '{watch.Name}' and is refused", now);
    }

    private static void Notify(NodeWatch watch, string notice, TimeSpan now)
    {
        watch.Notice = notice;
        watch.NoticeAt = now;
    }

    private static long Milliseconds(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMillisecond;
}
