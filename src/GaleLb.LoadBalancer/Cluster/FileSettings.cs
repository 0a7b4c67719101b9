using System.Collections.Immutable;
using GaleLb.Configuration.Options;
using GaleLb.State.Forwarding;
using GaleLb.State.Services;
using GaleLb.State.Settings;

namespace GaleLb.LoadBalancer.Cluster;

/// <summary>What this replica's file says of the settings that the cluster shares, ready to be compared.</summary>
internal sealed class FileSettings
{
    public FileSettings(LoadBalancerOptions options)
    {
        Cluster = new ClusterSettings(Health(options.NodeHealth), [.. options.Services.Select(Service)]);
        List = SettingsDigest.List(Cluster);
        Digest = SettingsDigest.Of(List);
        Enforce = options.Quorum.EnforceSingleConfiguration;
    }

    public ClusterSettings Cluster { get; }

    /// <summary>In ordinal order of keys.</summary>
    public ImmutableArray<Setting> List { get; }

    public string Digest { get; }

    public bool Enforce { get; }

    /// <summary>Where another replica's list differs from this one's.</summary>
    public ImmutableArray<SettingDifference> DifferencesTo(IEnumerable<Rpc.V1.Setting> theirs) => SettingsDigest.Compare(List, ListOf(theirs));

    /// <summary>A replica's list as it is compared.</summary>
    public static ImmutableArray<Setting> ListOf(IEnumerable<Rpc.V1.Setting> settings) =>
        [.. settings.Select(s => new Setting(s.Key, s.Value)).OrderBy(s => s.Key, StringComparer.Ordinal)];

    private static NodeHealthSettings Health(NodeHealthOptions options) => new()
    {
        ChecksBeforeRouting = options.ChecksBeforeRouting,
        ChecksTimeoutMs = Ms(options.ChecksTimeout),
        BlackListAfterFails = options.BlackListAfterFails,
        BlackListExpiryMs = Ms(options.BlackListExpiry),
        MinRoutable = options.MinRoutable,
        MaxEjectSharePermille = options.MaxEjectSharePermille,
        FlowGraceMs = Ms(options.FlowGrace),
        ForgetAfterMs = Ms(options.ForgetAfter),
    };

    private static ServiceDefinition Service(ServiceOptions options) => new(
        options.Name, options.Addresses, options.Port,
        options.Protocol switch
        {
            ServiceProtocol.Tcp => Protocol.Tcp,
            ServiceProtocol.Udp => Protocol.Udp,
            _ => throw new ArgumentOutOfRangeException(nameof(options)),
        },
        options.Forwarding switch
        {
            ServiceForwarding.L4 => ForwardingMode.L4,
            ServiceForwarding.L3 => ForwardingMode.L3,
            ServiceForwarding.L2 => ForwardingMode.L2,
            _ => throw new ArgumentOutOfRangeException(nameof(options)),
        },
        options.Hash switch
        {
            ServiceHash.FiveTuple => HashPolicy.FiveTuple,
            ServiceHash.Source => HashPolicy.Source,
            _ => throw new ArgumentOutOfRangeException(nameof(options)),
        },
        options.TargetPort);

    private static long Ms(TimeSpan duration) => (long)duration.TotalMilliseconds;
}
