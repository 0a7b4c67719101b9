namespace GaleLb.State.Services;

/// <summary>Finds where two services would listen at the same address, port and protocol.</summary>
internal static class ServiceCollision
{
    /// <summary>Null, or the place in words. <em>Self</em> meets only <em>self</em>: which addresses it stands for is each replica's own affair.</summary>
    public static string? Find(ServiceDefinition a, ServiceDefinition b)
    {
        if (a.Port != b.Port || a.Protocol != b.Protocol)
            return null;
        string protocol = a.Protocol == Forwarding.Protocol.Tcp ? "tcp" : "udp";
        if (a.Addresses.IsEmpty || b.Addresses.IsEmpty)
            return a.Addresses.IsEmpty && b.Addresses.IsEmpty ? $"self:{a.Port}/{protocol}" : null;
        foreach (System.Net.IPAddress address in a.Addresses)
            if (b.Addresses.Contains(address))
                return $"{address}:{a.Port}/{protocol}";
        return null;
    }
}
