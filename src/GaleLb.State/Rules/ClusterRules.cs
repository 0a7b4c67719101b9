using GaleLb.State.Commands;
using GaleLb.State.Events;
using GaleLb.State.Services;
using GaleLb.State.Settings;

namespace GaleLb.State.Rules;

/// <summary>Founding, the state's version, and the settings with their baselines.</summary>
internal static class ClusterRules
{
    public static CommandAnswer Found(Transition t, Bootstrap command)
    {
        if (t.State.IsFounded)
            return t.Conflict($"the cluster is already founded, as {t.State.ClusterId}");
        if (command.ClusterId.IsNone)
            return t.Invalid("cluster_id", "a cluster id is not zero");
        if (CheckSettings(t, command.Settings) is { } refusal)
            return refusal;
        t.State = t.State with
        {
            ClusterId = command.ClusterId,
            HashSeed = command.HashSeed,
            NodeHealth = command.Settings.NodeHealth,
            Baseline = command.Settings,
            SettingsLastChange = t.Index,
        };
        t.Tell(EventKind.ClusterFounded, command.ClusterId.ToString(), $"{command.Settings.Services.Length} services");
        foreach (ServiceDefinition service in command.Settings.Services)
            ServiceRules.Add(t, service);
        return t.Ok();
    }

    public static CommandAnswer Judge(Transition t, Command command) => command switch
    {
        RaiseStateVersion raise => Raise(t, raise),
        StageSettings stage => Stage(t, stage),
        UnstageSettings => Unstage(t),
        SwitchSettings change => Switch(t, change),
        RecordMemberOrder record => Record(t, record),
        _ => t.Invalid("kind", $"{command.Kind} has no rule"),
    };

    private static CommandAnswer Raise(Transition t, RaiseStateVersion command)
    {
        if (command.Version <= t.State.StateVersion)
            return t.Conflict($"the state is already of version {t.State.StateVersion}");
        t.State = t.State with { StateVersion = command.Version };
        t.Tell(EventKind.StateVersionRaised, "", $"to {command.Version}");
        return t.Ok();
    }

    private static CommandAnswer Record(Transition t, RecordMemberOrder command)
    {
        if (t.State.StateVersion < RecordMemberOrder.VersionMin)
            return t.Conflict($"orders about members are told from state version {RecordMemberOrder.VersionMin} on, the state is of version {t.State.StateVersion}");
        if (command.Member.Length > NameRules.TextMax || command.Order.Length > NameRules.TextMax)
            return t.Invalid("order", $"at most {NameRules.TextMax} characters expected");
        t.Tell(EventKind.MemberOrdered, command.Member, command.Order);
        return t.Ok();
    }

    private static CommandAnswer Stage(Transition t, StageSettings command)
    {
        if ((CheckSettings(t, command.Settings) ?? CheckOverlay(t, command.Settings)) is { } refusal)
            return refusal;
        t.State = t.State with { Staged = new StagedSettings(command.Settings, t.Index), SettingsLastChange = t.Index };
        t.Tell(EventKind.SettingsChanged, "staged", DescribeDifference(t.State.Baseline, command.Settings));
        return t.Ok();
    }

    private static CommandAnswer Unstage(Transition t)
    {
        if (t.State.Staged is null)
            return t.NotFound("no settings are staged");
        t.State = t.State with { Staged = null, SettingsLastChange = t.Index };
        t.Tell(EventKind.SettingsChanged, "staged", "withdrawn");
        return t.Ok();
    }

    private static CommandAnswer Switch(Transition t, SwitchSettings command)
    {
        if (t.State.Staged is not { } staged)
            return t.NotFound("no settings are staged");
        if (staged.Index != command.Staged)
            return t.Stale($"the settings were staged at index {staged.Index}, not at {command.Staged}");
        if (CheckOverlay(t, staged.Settings) is { } refusal)
            return refusal;
        ClusterSettings old = t.State.Baseline;
        t.Tell(EventKind.SettingsChanged, "baseline", DescribeDifference(old, staged.Settings));
        t.State = t.State with
        {
            Baseline = staged.Settings,
            Staged = null,
            NodeHealth = staged.Settings.NodeHealth,
            SettingsLastChange = t.Index,
        };

        // What an order changed at run time stays, unless the files now say something new about that very service.
        foreach (ServiceDefinition service in old.Services)
            if (Find(staged.Settings, service.Name) is null && t.State.FindService(service.Name) is { } gone)
                ServiceRules.Remove(t, gone);
        foreach (ServiceDefinition service in staged.Settings.Services)
            if (!service.Equals(Find(old, service.Name)))
                ServiceRules.Put(t, service);
        return t.Ok();
    }

    private static ServiceDefinition? Find(ClusterSettings settings, string name)
    {
        foreach (ServiceDefinition service in settings.Services)
            if (service.Name == name)
                return service;
        return null;
    }

    private static CommandAnswer? CheckSettings(Transition t, ClusterSettings settings)
    {
        if (settings.Check() is { } wrong)
            return t.Invalid(wrong.Field, wrong.Message);
        int rows = settings.Services.Sum(s => Math.Max(1, s.Addresses.Length));
        return rows <= Forwarding.ForwardingTable.ServicesMax
            ? null
            : t.Invalid("services", $"at most {Forwarding.ForwardingTable.ServicesMax} addresses of services fit, not {rows}");
    }

    /// <summary>Refuses settings that do not go together with the services added at run time.</summary>
    private static CommandAnswer? CheckOverlay(Transition t, ClusterSettings settings)
    {
        int rows = settings.Services.Sum(s => Math.Max(1, s.Addresses.Length));
        foreach (ServiceRecord overlay in t.State.Services.Values)
        {
            if (Find(settings, overlay.Name) is not null || Find(t.State.Baseline, overlay.Name) is not null)
                continue;
            rows += overlay.Endpoints.Length;
            foreach (ServiceDefinition service in settings.Services)
                if (ServiceCollision.Find(service, overlay.Definition) is { } where)
                    return t.Conflict($"service '{overlay.Name}', added at run time, is already at {where}", $"services.{service.Name}.port");
        }

        return rows <= Forwarding.ForwardingTable.ServicesMax
            ? null
            : t.Conflict($"with the services added at run time there would be {rows} addresses; {Forwarding.ForwardingTable.ServicesMax} fit");
    }

    private static string DescribeDifference(ClusterSettings from, ClusterSettings to)
    {
        string text = string.Join("; ", SettingsDigest.Compare(SettingsDigest.List(from), SettingsDigest.List(to)));
        return text.Length switch
        {
            0 => "no key differs",
            > NameRules.TextMax => string.Concat(text.AsSpan(0, NameRules.TextMax), "…"),
            _ => text,
        };
    }
}
