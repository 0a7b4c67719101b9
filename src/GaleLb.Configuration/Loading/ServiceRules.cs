using System.Collections.Immutable;
using System.Net;
using GaleLb.Configuration.Options;
using GaleLb.Configuration.Schema;

namespace GaleLb.Configuration.Loading;

/// <summary>Which services can stand together on one replica.</summary>
internal static class ServiceRules
{
    public static void Check(
        ImmutableArray<PlacedService> services, InterfaceSections interfaces, SectionValues quorum, SectionValues dataPlane,
        ConfigurationReport report)
    {
        CheckNames(services, report);
        CheckPorts(services, interfaces, quorum, dataPlane, report);
        CheckFrontends(services, report);
        CheckDirectReturn(services, quorum, report);
    }

    private static void CheckNames(ImmutableArray<PlacedService> services, ConfigurationReport report)
    {
        Dictionary<string, PlacedService> byName = new(StringComparer.Ordinal);
        foreach (PlacedService service in services.Where(s => !byName.TryAdd(s.Options.Name, s)))
        {
            ConfigurationKey name = LoadBalancerSchema.Services.Name;
            int first = byName[service.Options.Name].Section.PositionOf(name).Line;
            report.Error(service.Section.PositionOf(name), service.Section.PathOf(name),
                $"\"{service.Options.Name}\" is already the name of the service on line {first}; expected every name once");
        }
    }

    /// <summary>What the replica itself listens on wins over services, so such a service would never be reached.</summary>
    private static void CheckPorts(
        ImmutableArray<PlacedService> services, InterfaceSections interfaces, SectionValues quorum, SectionValues dataPlane,
        ConfigurationReport report)
    {
        Dictionary<ushort, string> taken = [];
        foreach ((string key, _, ushort port) in interfaces.ControlPorts())
        {
            taken.TryAdd(port, $"gale-lb itself listens there ({key})");
        }

        foreach (ReplicaAddress address in quorum.Get(LoadBalancerSchema.Quorum.Addresses))
        {
            taken.TryAdd(address.Port, $"replicas listen there ({quorum.PathOf(LoadBalancerSchema.Quorum.Addresses)})");
        }

        foreach (ushort port in dataPlane.Get(LoadBalancerSchema.DataPlane.ProtectedPorts))
        {
            taken.TryAdd(port, $"it is protected ({dataPlane.PathOf(LoadBalancerSchema.DataPlane.ProtectedPorts)})");
        }

        foreach (PlacedService service in services.DistinctBy(s => (s.Section, s.Options.Port)))
        {
            if (taken.TryGetValue(service.Options.Port, out string? why))
            {
                report.Error(service.Section.PositionOf(service.PortKey), service.Section.PathOf(service.PortKey),
                    $"{service.Options.Port} cannot be a service's port, because {why}; expected another port");
            }
        }
    }

    private static void CheckFrontends(ImmutableArray<PlacedService> services, ConfigurationReport report)
    {
        Dictionary<(string Address, ushort Port, ServiceProtocol Protocol), ServiceOptions> taken = [];
        foreach (PlacedService service in services)
        {
            foreach (IPAddress? address in service.Options.Addresses.DefaultIfEmpty<IPAddress?>(null))
            {
                string where = address?.ToString() ?? "the replica's own address";
                (string, ushort, ServiceProtocol) frontend = (where, service.Options.Port, service.Options.Protocol);
                if (!taken.TryAdd(frontend, service.Options))
                {
                    report.Error(service.Section.PositionOf(service.PortKey), service.Section.PathOf(service.PortKey),
                        $"{service.Options.Port} on {where} is already balanced by the service \"{taken[frontend].Name}\"; expected another port or address");
                    break;
                }
            }
        }
    }

    /// <summary>L3 and L2 nodes own the service address, so it must not be one that replicas answer on.</summary>
    private static void CheckDirectReturn(ImmutableArray<PlacedService> services, SectionValues quorum, ConfigurationReport report)
    {
        ImmutableArray<ReplicaAddress> replicas = quorum.Get(LoadBalancerSchema.Quorum.Addresses);
        foreach (PlacedService service in services.Where(s => s.Options.Forwarding != ServiceForwarding.L4).DistinctBy(s => s.Section))
        {
            string mode = service.Options.Forwarding == ServiceForwarding.L3 ? "l3" : "l2";
            if (service.Options.Addresses.IsEmpty && !service.Section.IsWrong(service.AddressesKey))
            {
                report.Error(service.Section.PositionOf(service.ForwardingKey), service.Section.PathOf(service.ForwardingKey),
                    $"\"{mode}\" needs addresses; expected service addresses that the nodes own and no replica uses");
            }

            for (int i = 0; i < service.Options.Addresses.Length; i++)
            {
                if (replicas.Any(r => r.Ip.Equals(service.Options.Addresses[i])))
                {
                    report.Error(service.Section.PositionOf(service.AddressesKey, i), $"{service.Section.PathOf(service.AddressesKey)}[{i}]",
                        $"{service.Options.Addresses[i]} is a replica's own address ({quorum.PathOf(LoadBalancerSchema.Quorum.Addresses)}); "
                        + $"expected one that only {mode} nodes own");
                }
            }
        }
    }
}
