using System.Collections.Immutable;
using GaleLb.Configuration.Options;
using GaleLb.Configuration.Schema;
using GaleLb.Configuration.Toml;

namespace GaleLb.Configuration.Loading;

/// <summary>What must hold between keys of gale-lb's file, beside services.</summary>
internal static class LoadBalancerRules
{
    /// <summary>An election must not begin because one or two heartbeats were late (thesis §3.9).</summary>
    private const int HeartbeatsAnElectionTimeoutMin = 3;

    public static void CheckPrivatePorts(InterfaceSections interfaces, ConfigurationReport report)
    {
        Dictionary<ushort, string> taken = [];
        foreach ((string key, TomlPosition position, ushort port) in interfaces.ControlPorts())
        {
            if (!taken.TryAdd(port, key))
            {
                report.Error(position, key, $"{port} is {taken[port]} as well; expected three different ports");
            }
        }
    }

    public static void CheckHealth(SectionValues health, ConfigurationReport report)
    {
        ConfigurationKey<TimeSpan> timeout = LoadBalancerSchema.NodeHealth.ChecksTimeout;
        ConfigurationKey<TimeSpan> forget = LoadBalancerSchema.NodeHealth.ForgetAfter;
        if (!health.IsWrong(timeout) && !health.IsWrong(forget) && health.Get(forget) <= health.Get(timeout))
        {
            report.Error(health.PositionOf(forget), health.PathOf(forget),
                $"{DurationText.Format(health.Get(forget))} is not longer than checks_timeout "
                + $"({DurationText.Format(health.Get(timeout))}); expected to forget a node only after it was found silent");
        }
    }

    public static void CheckQuorum(SectionValues quorum, InterfaceSections interfaces, ConfigurationReport report)
    {
        ConfigurationKey<TimeSpan> election = LoadBalancerSchema.Quorum.ElectionTimeout;
        ConfigurationKey<TimeSpan> heartbeat = LoadBalancerSchema.Quorum.HeartbeatInterval;
        if (!quorum.IsWrong(election) && !quorum.IsWrong(heartbeat)
            && quorum.Get(heartbeat) * HeartbeatsAnElectionTimeoutMin > quorum.Get(election))
        {
            ConfigurationKey written = quorum.IsGiven(election) ? election : heartbeat;
            report.Error(quorum.PositionOf(written), quorum.PathOf(written),
                $"election_timeout ({DurationText.Format(quorum.Get(election))}) is less than {HeartbeatsAnElectionTimeoutMin} times "
                + $"heartbeat_interval ({DurationText.Format(quorum.Get(heartbeat))}); expected room for late heartbeats");
        }

        ConfigurationKey<ImmutableArray<ReplicaAddress>> key = LoadBalancerSchema.Quorum.Addresses;
        ImmutableArray<ReplicaAddress> addresses = quorum.Get(key);
        if (!quorum.IsGiven(key))
        {
            return;
        }

        if (addresses.Length % 2 == 0)
        {
            report.Warn(quorum.PositionOf(key), quorum.PathOf(key),
                $"{addresses.Length} replicas tolerate the loss of {(addresses.Length - 1) / 2}, as {addresses.Length - 1} would; expected an odd number");
        }

        WarnOfSharedAddresses(quorum, key, addresses, report);
        WarnOfOtherPort(quorum, key, addresses, interfaces, report);
    }

    public static void CheckDataPlane(SectionValues dataPlane, ConfigurationReport report)
    {
        ConfigurationKey addresses = LoadBalancerSchema.DataPlane.SourceAddresses;
        if (!dataPlane.Get(LoadBalancerSchema.DataPlane.SourceNat) && dataPlane.IsGiven(addresses))
        {
            report.Warn(dataPlane.PositionOf(addresses), dataPlane.PathOf(addresses), "is not used, because source_nat is \"off\"");
        }
    }

    private static void WarnOfSharedAddresses(
        SectionValues quorum, ConfigurationKey key, ImmutableArray<ReplicaAddress> addresses, ConfigurationReport report)
    {
        Dictionary<string, int> seen = new(StringComparer.Ordinal);
        for (int i = 0; i < addresses.Length; i++)
        {
            if (!seen.TryAdd(addresses[i].Ip.ToString(), i))
            {
                report.Warn(quorum.PositionOf(key, i), $"{quorum.PathOf(key)}[{i}]",
                    $"{addresses[i].Ip} is also the address of entry {seen[addresses[i].Ip.ToString()] + 1}; "
                    + "such replicas know themselves only by load_balancer_port and fall together with their machine");
            }
        }
    }

    private static void WarnOfOtherPort(
        SectionValues quorum, ConfigurationKey key, ImmutableArray<ReplicaAddress> addresses, InterfaceSections interfaces,
        ConfigurationReport report)
    {
        ushort port = interfaces.Private.LoadBalancerPort;
        int other = addresses.ToList().FindIndex(a => a.Port != port);
        if (other >= 0)
        {
            report.Warn(quorum.PositionOf(key, other), $"{quorum.PathOf(key)}[{other}].port",
                $"{addresses[other].Port} is not load_balancer_port ({port}); the replica with this address listens on both");
        }
    }
}
