using System.Collections.Immutable;
using GaleLb.Configuration.Options;
using GaleLb.Configuration.Schema;
using GaleLb.Configuration.Toml;

namespace GaleLb.Configuration.Loading;

/// <summary>Makes gale-lb's options of a document and checks the rules that hold between keys.</summary>
internal static class LoadBalancerReader
{
    /// <summary>Null when anything was reported as an error.</summary>
    public static LoadBalancerOptions? Read(TomlTable root, ConfigurationReport report)
    {
        FileSections file = new(root, LoadBalancerSchema.Sections, report);
        InterfaceSections interfaces = InterfaceSections.Read(file, report);
        SectionValues health = file.Read(LoadBalancerSchema.NodeHealth.Section);
        SectionValues quorum = file.Read(LoadBalancerSchema.Quorum.Section);
        SectionValues dataPlane = file.Read(LoadBalancerSchema.DataPlane.Section);
        SectionValues timeouts = file.Read(LoadBalancerSchema.FlowTimeouts.Section);
        SectionValues security = file.Read(LoadBalancerSchema.Security.Section);
        IReadOnlyList<SectionValues>? services = file.ReadAll(LoadBalancerSchema.Services.Section);

        LoadBalancerRules.CheckPrivatePorts(interfaces, report);
        LoadBalancerRules.CheckHealth(health, report);
        LoadBalancerRules.CheckQuorum(quorum, interfaces, report);
        LoadBalancerRules.CheckDataPlane(dataPlane, report);
        SecurityRules.CheckCertificates(security,
            LoadBalancerSchema.Security.Ca, LoadBalancerSchema.Security.Certificate, LoadBalancerSchema.Security.PrivateKey, report);
        ImmutableArray<PlacedService> placed = services is null ? interfaces.DefaultServices() : ServiceSections.Place(services);
        if (services is not null)
        {
            interfaces.WarnOfReplacedService(report);
        }

        ServiceRules.Check(placed, interfaces, quorum, dataPlane, report);
        return report.HasErrors
            ? null
            : new LoadBalancerOptions(
                interfaces.Private, interfaces.Public, Health(health), QuorumOptions(quorum), DataPlane(dataPlane, timeouts),
                Security(security), [.. placed.Select(s => s.Options)]);
    }

    private static NodeHealthOptions Health(SectionValues values) => new(
        values.Get(LoadBalancerSchema.NodeHealth.ChecksBeforeRouting),
        values.Get(LoadBalancerSchema.NodeHealth.ChecksTimeout),
        values.Get(LoadBalancerSchema.NodeHealth.BlackListAfterFails),
        values.Get(LoadBalancerSchema.NodeHealth.BlackListExpiry),
        values.Get(LoadBalancerSchema.NodeHealth.MinRoutable),
        values.Get(LoadBalancerSchema.NodeHealth.MaxEjectShare),
        values.Get(LoadBalancerSchema.NodeHealth.FlowGrace),
        values.Get(LoadBalancerSchema.NodeHealth.ForgetAfter));

    private static LoadBalancerQuorumOptions QuorumOptions(SectionValues values) => new(
        values.Get(LoadBalancerSchema.Quorum.EnforceSingleConfiguration),
        values.Get(LoadBalancerSchema.Quorum.Addresses),
        values.Get(LoadBalancerSchema.Quorum.DataDirectory),
        values.Get(LoadBalancerSchema.Quorum.ElectionTimeout),
        values.Get(LoadBalancerSchema.Quorum.HeartbeatInterval),
        values.Get(LoadBalancerSchema.Quorum.LeaseReads));

    private static DataPlaneOptions DataPlane(SectionValues values, SectionValues timeouts) => new(
        values.Get(LoadBalancerSchema.DataPlane.Mode),
        values.Get(LoadBalancerSchema.DataPlane.EstablishedFlows),
        values.Get(LoadBalancerSchema.DataPlane.HalfOpenFlows),
        new FlowTimeoutOptions(
            timeouts.Get(LoadBalancerSchema.FlowTimeouts.TcpHalfOpen),
            timeouts.Get(LoadBalancerSchema.FlowTimeouts.TcpEstablished),
            timeouts.Get(LoadBalancerSchema.FlowTimeouts.TcpClosing),
            timeouts.Get(LoadBalancerSchema.FlowTimeouts.TcpTimeWait),
            timeouts.Get(LoadBalancerSchema.FlowTimeouts.TcpReset),
            timeouts.Get(LoadBalancerSchema.FlowTimeouts.Udp),
            timeouts.Get(LoadBalancerSchema.FlowTimeouts.UdpOneWay)),
        values.Get(LoadBalancerSchema.DataPlane.SourceNat),
        values.Get(LoadBalancerSchema.DataPlane.SourceAddresses),
        values.Get(LoadBalancerSchema.DataPlane.OnNodeFailure),
        values.Get(LoadBalancerSchema.DataPlane.OnNoNodes),
        values.Get(LoadBalancerSchema.DataPlane.OnExit),
        values.Get(LoadBalancerSchema.DataPlane.DeadMan),
        values.Get(LoadBalancerSchema.DataPlane.ProtectedPorts),
        values.Get(LoadBalancerSchema.DataPlane.PinPath),
        values.Get(LoadBalancerSchema.DataPlane.ClampMss));

    private static LoadBalancerSecurityOptions Security(SectionValues values) => new(
        values.Get(LoadBalancerSchema.Security.Ca),
        values.Get(LoadBalancerSchema.Security.Certificate),
        values.Get(LoadBalancerSchema.Security.PrivateKey),
        values.Get(LoadBalancerSchema.Security.ApiTokenFile),
        values.Get(LoadBalancerSchema.Security.NodeTokenFile),
        values.Get(LoadBalancerSchema.Security.AllowedNodes));
}
