using System.Security.Cryptography;
using System.Text.Json;
using GaleLb.State;
using GaleLb.State.Blocks;
using GaleLb.State.Nodes;
using GaleLb.State.Services;
using GaleLb.State.Settings;
using GaleLb.State.Snapshots;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>Writes a whole state down as a document.</summary>
internal static class StateDocuments
{
    public static StateDocument Of(ClusterState state, string tableDigest) => new(
        state.AppliedIndex.Value, Convert.ToHexStringLower(SHA256.HashData(StateSnapshotCodec.Encode(state))), tableDigest,
        state.LogTime.Milliseconds, state.StateVersion, state.ClusterId.ToString(), state.HashSeed.ToString(), state.SettingsLastChange.Value,
        Keys(new ClusterSettings(state.NodeHealth, [])), Keys(state.Baseline), state.Staged is { } staged ? Keys(staged.Settings) : null,
        [.. state.Services.Values.Select(Of)], [.. state.Nodes.Values.Select(Of)],
        [.. state.Retired.Values.Select(Of)],
        [.. state.Blacklist.Values.Select(Of)], [.. state.Blocks.Values.Select(Of)],
        [.. state.Ejections.Select(e => new EjectionDocument(e.Node, e.At.Milliseconds))], state.Events.Count);

    private static Dictionary<string, string> Keys(ClusterSettings settings) =>
        SettingsDigest.List(settings).ToDictionary(s => s.Key, s => s.Value, StringComparer.Ordinal);

    private static ServiceStateDocument Of(ServiceRecord service)
    {
        ServiceDefinition defined = service.Definition;
        return new ServiceStateDocument(
            defined.Name, [.. defined.Addresses.Select(a => a.ToString())], defined.Port, Word(defined.Protocol), Word(defined.Forwarding),
            Word(defined.Scheduler), Word(defined.Hash), defined.TargetPort, [.. service.Endpoints.Select(e => (int)e.Id.Value)], service.Ring?.Value,
            service.Input.Nodes, service.LastChange.Value);
    }

    private static NodeStateDocument Of(NodeRecord node) => new(
        node.Name, node.Instance.ToString(), node.Place?.Address.ToString(), node.Place?.Index.Value, node.Place?.Generation.Value, node.Port, Word(node.State), Word(node.Phase),
        node.PhaseSince.Milliseconds, node.Phase == NodePhase.Down ? Word(node.DownReason) : null, node.Draining, node.SuspectSince?.Milliseconds,
        node.Weight, node.OrderedWeight, node.Fails, node.FlowsRefused, node.Services, node.NotServing, node.RegisteredIndex.Value,
        node.LastChange.Value);

    private static RetiredPlaceDocument Of(RetiredPlace retired) => new(
        retired.Name, retired.Place.Address.ToString(), retired.Place.Index.Value, retired.Place.Generation.Value, retired.Since.Milliseconds);

    private static BanStateDocument Of(BlacklistEntry ban) =>
        new(ban.Node, ban.Since.Milliseconds, ban.Until.Milliseconds, ban.Ordered, ban.Reason, ban.LastChange.Value);

    private static BlockStateDocument Of(BlockRecord block) =>
        new(block.Prefix.ToString(), block.Until?.Milliseconds, block.Reason, block.LastChange.Value);

    private static string Word<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
