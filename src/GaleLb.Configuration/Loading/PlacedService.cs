using GaleLb.Configuration.Options;
using GaleLb.Configuration.Schema;

namespace GaleLb.Configuration.Loading;

/// <summary>A service with the section and keys it was written under, so that rules can point at them.</summary>
internal sealed record PlacedService(
    ServiceOptions Options, SectionValues Section, ConfigurationKey PortKey, ConfigurationKey AddressesKey, ConfigurationKey ForwardingKey);
