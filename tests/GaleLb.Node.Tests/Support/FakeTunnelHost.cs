using System.Collections.Immutable;
using System.Net;
using GaleLb.DataPlane.Decapsulation;
using GaleLb.Node.Forwarding;

namespace GaleLb.Node.Tests.Support;

/// <summary>A host that only writes down what is done to it.</summary>
internal sealed class FakeTunnelHost : ITunnelHost
{
    public List<TunnelDevice> Tunnels { get; } = [];

    public Dictionary<IPAddress, string> Interfaces { get; } = [];

    public List<string> Steps { get; } = [];

    public ImmutableArray<TunnelDevice> Devices() => [.. Tunnels];

    public string InterfaceOf(IPAddress address) =>
        Interfaces.TryGetValue(address, out string? name) ? name : throw new HostNetworkException($"{address} is on no interface");

    public IUnwrapper Attach(string device, bool isInTc)
    {
        Steps.Add($"attach {device}{(isInTc ? " in TC" : "")}");
        return new Unwrapper(device, Steps);
    }

    private sealed class Unwrapper(string device, List<string> steps) : IUnwrapper
    {
        public string Description => $"on {device}";

        public void Hold(IPAddress own, ImmutableArray<IPAddress> services) => steps.Add($"hold {string.Join(" ", services)} by {own}");

        public string Count() => "3 packets unwrapped";

        public void Dispose() => steps.Add($"detach {device}");
    }
}
