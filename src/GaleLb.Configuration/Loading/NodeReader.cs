using System.Collections.Immutable;
using System.Net;
using GaleLb.Configuration.Options;
using GaleLb.Configuration.Schema;
using GaleLb.Configuration.Toml;

namespace GaleLb.Configuration.Loading;

/// <summary>Makes gale-node's options of a document and checks the rules that hold between keys.</summary>
internal static class NodeReader
{
    /// <summary>Null when anything was reported as an error.</summary>
    public static NodeOptions? Read(TomlTable root, ConfigurationReport report)
    {
        FileSections file = new(root, NodeSchema.Sections, report);
        SectionValues loadBalancer = file.Read(NodeSchema.LoadBalancer.Section);
        SectionValues node = file.Read(NodeSchema.Node.Section);
        SectionValues check = file.Read(NodeSchema.HealthCheck.Section);
        SectionValues forwarding = file.Read(NodeSchema.Forwarding.Section);
        SectionValues security = file.Read(NodeSchema.Security.Section);

        CheckHealthCheck(check, report);
        CheckForwarding(forwarding, loadBalancer, report);
        SecurityRules.CheckCertificates(
            security, NodeSchema.Security.Ca, NodeSchema.Security.Certificate, NodeSchema.Security.PrivateKey, report);
        return report.HasErrors
            ? null
            : new NodeOptions(
                loadBalancer.Get(NodeSchema.LoadBalancer.Addresses),
                new NodeIdentityOptions(
                    node.Get(NodeSchema.Node.Name), node.Get(NodeSchema.Node.Ip), node.Get(NodeSchema.Node.ServicePort),
                    node.Get(NodeSchema.Node.Weight), node.Get(NodeSchema.Node.Services)),
                new HealthCheckOptions(
                    check.Get(NodeSchema.HealthCheck.Tcp), check.Get(NodeSchema.HealthCheck.Http), check.Get(NodeSchema.HealthCheck.Exec),
                    check.Get(NodeSchema.HealthCheck.Interval), check.Get(NodeSchema.HealthCheck.Timeout)),
                new NodeForwardingOptions(
                    forwarding.Get(NodeSchema.Forwarding.Mode), forwarding.Get(NodeSchema.Forwarding.Addresses),
                    forwarding.Get(NodeSchema.Forwarding.Device), forwarding.Get(NodeSchema.Forwarding.Decapsulation)),
                new NodeSecurityOptions(
                    security.Get(NodeSchema.Security.Ca), security.Get(NodeSchema.Security.Certificate),
                    security.Get(NodeSchema.Security.PrivateKey), security.Get(NodeSchema.Security.NodeTokenFile)));
    }

    private static void CheckHealthCheck(SectionValues check, ConfigurationReport report)
    {
        ConfigurationKey[] kinds = [NodeSchema.HealthCheck.Tcp, NodeSchema.HealthCheck.Http, NodeSchema.HealthCheck.Exec];
        ConfigurationKey[] given = [.. kinds.Where(check.IsGiven)];
        foreach (ConfigurationKey second in given.Skip(1))
        {
            report.Error(check.PositionOf(second), check.PathOf(second), $"stands beside {given[0].Name}; expected one of tcp, http and exec");
        }

        ConfigurationKey<TimeSpan> timeout = NodeSchema.HealthCheck.Timeout, interval = NodeSchema.HealthCheck.Interval;
        if (!check.IsWrong(timeout) && !check.IsWrong(interval) && check.Get(timeout) > check.Get(interval))
        {
            ConfigurationKey written = check.IsGiven(timeout) ? timeout : interval;
            report.Error(check.PositionOf(written), check.PathOf(written),
                $"timeout ({DurationText.Format(check.Get(timeout))}) is longer than interval ({DurationText.Format(check.Get(interval))}); "
                + "expected one check to end before the next begins");
        }
    }

    private static void CheckForwarding(SectionValues forwarding, SectionValues loadBalancer, ConfigurationReport report)
    {
        ConfigurationKey<ImmutableArray<IPAddress>> key = NodeSchema.Forwarding.Addresses;
        ImmutableArray<IPAddress> addresses = forwarding.Get(key);
        for (int i = 0; i < addresses.Length; i++)
        {
            // A node that owned it would send its heartbeats to itself.
            if (loadBalancer.Get(NodeSchema.LoadBalancer.Addresses).Any(a => addresses[i].Equals(a.Ip)))
            {
                report.Error(forwarding.PositionOf(key, i), $"{forwarding.PathOf(key)}[{i}]",
                    $"{addresses[i]} is a replica's address ({loadBalancer.PathOf(NodeSchema.LoadBalancer.Addresses)}); "
                    + "expected a service address");
            }
        }

        ConfigurationKey<NodeForwardingMode> mode = NodeSchema.Forwarding.Mode;
        if (addresses.Length > 0 && !forwarding.IsWrong(mode) && forwarding.Get(mode) == NodeForwardingMode.None)
        {
            report.Warn(forwarding.PositionOf(key), forwarding.PathOf(key), "is not used, because mode is \"none\"");
        }

        ConfigurationKey decapsulation = NodeSchema.Forwarding.Decapsulation;
        if (forwarding.IsGiven(decapsulation) && !forwarding.IsWrong(mode) && forwarding.Get(mode) != NodeForwardingMode.L3)
        {
            report.Warn(forwarding.PositionOf(decapsulation), forwarding.PathOf(decapsulation), "is not used, because mode is not \"l3\"");
        }
    }
}
