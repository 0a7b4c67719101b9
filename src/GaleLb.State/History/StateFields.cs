using System.Globalization;
using System.Text.Json;
using GaleLb.State.Blocks;
using GaleLb.State.Nodes;
using GaleLb.State.Services;
using GaleLb.State.Settings;

namespace GaleLb.State.History;

/// <summary>The fields of a state's records as text, for comparison; what is not set is left out.</summary>
internal static class StateFields
{
    public static List<Setting> Of(ClusterState state)
    {
        List<Setting> fields =
        [
            new("state_version", Text(state.StateVersion)),
            new("cluster_id", state.ClusterId.ToString()),
            new("hash_seed", Text(state.HashSeed)),
            .. SettingsDigest.List(new ClusterSettings(state.NodeHealth, [])),
            .. SettingsDigest.List(state.Baseline).Select(s => s with { Key = "baseline." + s.Key }),
        ];
        if (state.Staged is { } staged)
            fields.AddRange(SettingsDigest.List(staged.Settings).Select(s => s with { Key = "staged." + s.Key }));
        return fields;
    }

    public static List<Setting> Of(ServiceRecord service)
    {
        ServiceDefinition defined = service.Definition;
        List<Setting> fields =
        [
            new("port", Text(defined.Port)),
            new("protocol", Word(defined.Protocol)),
            new("forwarding", Word(defined.Forwarding)),
            new("scheduler", Word(defined.Scheduler)),
            new("hash", Word(defined.Hash)),
            new("target_port", Text(defined.TargetPort)),
            new("nodes", Text((ulong)service.Input.Nodes)),
        ];
        Add(fields, "addresses", string.Join(',', defined.Addresses));
        return fields;
    }

    public static List<Setting> Of(NodeRecord node)
    {
        List<Setting> fields =
        [
            new("state", Word(node.State)),
            new("port", Text(node.Port)),
            new("weight", Text(node.EffectiveWeight)),
            new("fails", Text((ulong)node.Fails)),
            new("instance", Text(node.Instance)),
        ];
        Add(fields, "address", node.Place?.Address.ToString());
        Add(fields, "generation", node.Place is { } place ? Text(place.Generation.Value) : null);
        Add(fields, "ordered_weight", node.OrderedWeight is { } weight ? Text(weight) : null);
        Add(fields, "services", string.Join(',', node.Services));
        Add(fields, "not_serving", string.Join(',', node.NotServing));
        Add(fields, "reason", node.Phase == NodePhase.Down ? Word(node.DownReason) : null);
        Add(fields, "draining", node.Draining ? "true" : null);
        Add(fields, "suspect", node.IsSuspect ? "true" : null);
        Add(fields, "flows_refused", node.FlowsRefused ? "true" : null);
        return fields;
    }

    public static List<Setting> Of(BlacklistEntry ban)
    {
        List<Setting> fields =
        [
            new("ordered", ban.Ordered ? "true" : "false"),
            new("until_log_ms", Text((ulong)ban.Until.Milliseconds)),
        ];
        Add(fields, "reason", ban.Reason);
        return fields;
    }

    public static List<Setting> Of(BlockRecord block)
    {
        List<Setting> fields = [];
        Add(fields, "until_log_ms", block.Until is { } until ? Text((ulong)until.Milliseconds) : "unblocked");
        Add(fields, "reason", block.Reason);
        return fields;
    }

    private static void Add(List<Setting> fields, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            fields.Add(new Setting(name, value));
    }

    private static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Word<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
