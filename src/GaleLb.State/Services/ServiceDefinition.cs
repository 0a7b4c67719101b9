using System.Collections.Immutable;
using System.Net;
using System.Text;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;

namespace GaleLb.State.Services;

/// <summary>How slots are given to nodes. The values are part of the log and snapshot formats.</summary>
public enum Scheduler : byte
{
    Maglev = 0,
}

/// <summary>
/// A service as a file or an order defines it. Empty <paramref name="Addresses"/> mean <em>self</em>: each replica's own
/// public address. <paramref name="TargetPort"/> is where a node that names no port serves it.
/// </summary>
public sealed record ServiceDefinition(
    string Name, ImmutableArray<IPAddress> Addresses, ushort Port, Protocol Protocol, ForwardingMode Forwarding,
    HashPolicy Hash, ushort TargetPort, Scheduler Scheduler = Scheduler.Maglev)
{
    public const int AddressesMax = 64;

    /// <summary>Null when it may be added, else the field and what is wrong with it.</summary>
    public (string Field, string Message)? Check()
    {
        if (NameRules.CheckService(Name) is { } name)
            return ("name", name);
        if (Port == 0)
            return ("port", "a port is from 1 to 65535, not 0");
        if (TargetPort == 0)
            return ("target_port", "a port is from 1 to 65535, not 0");
        if (Addresses.Length > AddressesMax)
            return ("addresses", $"a service has at most {AddressesMax} addresses, not {Addresses.Length}");
        for (int i = 0; i < Addresses.Length; i++)
        {
            if (NodeDescription.CheckAddress(Addresses[i]) is { } wrong)
                return ("addresses", wrong);
            if (Addresses.AsSpan(0, i).IndexOf(Addresses[i]) >= 0)
                return ("addresses", $"{Addresses[i]} is listed twice");
        }
        if (Forwarding != ForwardingMode.L4 && Addresses.IsEmpty)
            return ("addresses", $"forwarding {Forwarding} needs addresses that no replica uses for itself; none is given");
        if (Forwarding != ForwardingMode.L4 && TargetPort != Port)
            return ("target_port", $"forwarding {Forwarding} cannot change the port from {Port} to {TargetPort}");
        return null;
    }

    /// <summary>Equality is by value, addresses in their order.</summary>
    public bool Equals(ServiceDefinition? other) =>
        other is not null && Name == other.Name && Port == other.Port && Protocol == other.Protocol
        && Forwarding == other.Forwarding && Hash == other.Hash && TargetPort == other.TargetPort
        && Scheduler == other.Scheduler && Addresses.AsSpan().SequenceEqual(other.Addresses.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Name, Port, Protocol, TargetPort);

    private bool PrintMembers(StringBuilder text)
    {
        text.Append(Name).Append(' ').Append(Protocol).Append(' ').AppendJoin(',', Addresses).Append(':').Append(Port)
            .Append(" to ").Append(TargetPort).Append(" by ").Append(Forwarding).Append(", ").Append(Hash);
        return true;
    }
}
