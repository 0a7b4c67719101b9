using System.Net;
using GaleLb.Node.Forwarding;

namespace GaleLb.Node.Tests.Support;

/// <summary>A host that only remembers, and writes down in which order it was changed.</summary>
internal sealed class FakeHostNetwork : IHostNetwork
{
    public Dictionary<string, int> Settings { get; } = new(StringComparer.Ordinal)
    {
        ["net/ipv4/conf/all/arp_ignore"] = 0,
        ["net/ipv4/conf/all/arp_announce"] = 0,
    };

    public HashSet<(IPAddress Address, string Device)> Addresses { get; } = [];

    public List<string> Steps { get; } = [];

    /// <summary>The address that the kernel refuses to add.</summary>
    public IPAddress? Refused { get; set; }

    /// <summary>What adding an address waits for.</summary>
    public Task Added { get; set; } = Task.CompletedTask;

    public bool AddAddress(IPAddress address, string device)
    {
        Added.Wait();
        if (address.Equals(Refused))
            throw new HostNetworkException($"{address} refused");
        Steps.Add($"add {address} {device}");
        return Addresses.Add((address, device));
    }

    public bool RemoveAddress(IPAddress address, string device)
    {
        Steps.Add($"remove {address} {device}");
        return Addresses.Remove((address, device));
    }

    public int ReadSetting(string path) => Settings[path];

    public void WriteSetting(string path, int value)
    {
        Steps.Add($"{path.Split('/')[^1]}={value}");
        Settings[path] = value;
    }
}
