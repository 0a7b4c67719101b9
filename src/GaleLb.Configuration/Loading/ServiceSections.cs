using System.Collections.Immutable;
using GaleLb.Configuration.Options;
using GaleLb.Configuration.Schema;

namespace GaleLb.Configuration.Loading;

/// <summary>Makes services of the <c>[[services]]</c> sections.</summary>
internal static class ServiceSections
{
    /// <summary>The services whose name and port are right; the others were reported and would only repeat that.</summary>
    public static ImmutableArray<PlacedService> Place(IEnumerable<SectionValues> sections) =>
    [
        .. sections
            .Where(s => s.IsGiven(LoadBalancerSchema.Services.Name) && s.IsGiven(LoadBalancerSchema.Services.Port))
            .Select(s => new PlacedService(
                Options(s), s, LoadBalancerSchema.Services.Port, LoadBalancerSchema.Services.Addresses, LoadBalancerSchema.Services.Forwarding)),
    ];

    private static ServiceOptions Options(SectionValues section)
    {
        ushort port = section.Get(LoadBalancerSchema.Services.Port);
        return new ServiceOptions(
            section.Get(LoadBalancerSchema.Services.Name),
            section.Get(LoadBalancerSchema.Services.Addresses),
            port,
            section.Get(LoadBalancerSchema.Services.ServiceProtocol),
            section.Get(LoadBalancerSchema.Services.Forwarding),
            section.Get(LoadBalancerSchema.Services.Scheduler),
            section.Get(LoadBalancerSchema.Services.Hash),
            section.IsGiven(LoadBalancerSchema.Services.TargetPort) ? section.Get(LoadBalancerSchema.Services.TargetPort) : port);
    }
}
