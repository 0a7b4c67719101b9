using System.Collections.Immutable;
using System.Net;

namespace GaleLb.DataPlane.Planning;

/// <summary>What a table means on this replica alone.</summary>
/// <param name="SelfAddresses">What a service address of <em>self</em> stands for.</param>
public sealed record LocalBinding(ImmutableArray<IPAddress> SelfAddresses);
