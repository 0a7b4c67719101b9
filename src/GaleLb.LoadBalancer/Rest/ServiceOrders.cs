using System.Collections.Immutable;
using System.Net;
using GaleLb.Raft;
using GaleLb.State.Forwarding;
using GaleLb.State.Services;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>Makes services of requests, and refuses those that no client could reach here.</summary>
/// <param name="controlPorts">What gale-lb itself listens on.</param>
/// <param name="protectedPorts">What the operator keeps from services.</param>
internal sealed class ServiceOrders(ImmutableArray<ushort> controlPorts, ImmutableArray<ushort> protectedPorts, Func<Membership> membership)
{
    public (ServiceDefinition? Service, Problem? Problem) Define(string name, ServiceRequest body)
    {
        if (body.Name is { } given && given != name)
            return Wrong("name", $"\"{name}\" or nothing expected, as the path names it; not \"{given}\"");
        if (body.Port is null)
            return Wrong("port", "the port that clients connect to, 1 to 65535, expected");
        if (body.Port is < 1 or > 65535)
            return Wrong("port", $"1 to 65535 expected, not {body.Port}");
        if (body.TargetPort is < 1 or > 65535)
            return Wrong("target_port", $"1 to 65535 expected, or nothing for the service's own port; not {body.TargetPort}");
        List<IPAddress> addresses = [];
        foreach (string text in body.Addresses ?? [])
        {
            if (!IPAddress.TryParse(text, out IPAddress? address))
                return Wrong("addresses", $"IP addresses such as \"203.0.113.10\" expected, not \"{text}\"");
            addresses.Add(address);
        }

        if (Choice(body.Protocol, "protocol", [("tcp", Protocol.Tcp), ("udp", Protocol.Udp)], out Protocol protocol) is { } badProtocol)
            return (null, badProtocol);
        if (Choice(
                body.Forwarding, "forwarding", [("l4", ForwardingMode.L4), ("l3", ForwardingMode.L3), ("l2", ForwardingMode.L2)],
                out ForwardingMode forwarding) is { } badForwarding)
            return (null, badForwarding);
        if (Choice(body.Hash, "hash", [("five_tuple", HashPolicy.FiveTuple), ("source", HashPolicy.Source)], out HashPolicy hash) is { } badHash)
            return (null, badHash);
        if (Choice(body.Scheduler, "scheduler", [("maglev", Scheduler.Maglev)], out Scheduler scheduler) is { } badScheduler)
            return (null, badScheduler);

        ServiceDefinition service = new(
            name, [.. addresses], (ushort)body.Port, protocol, forwarding, hash, (ushort)(body.TargetPort ?? body.Port), scheduler);
        if (service.Check() is { } wrong)
            return Wrong(wrong.Field, wrong.Message);
        return Collision(service) is { } collision ? (null, collision) : (service, null);
    }

    /// <summary>What the replicas themselves use wins over services, so such a service would never be reached.</summary>
    private Problem? Collision(ServiceDefinition service)
    {
        if (controlPorts.Contains(service.Port))
            return Conflict("port", $"gale-lb itself listens on port {service.Port}");
        if (protectedPorts.Contains(service.Port))
            return Conflict("port", $"port {service.Port} is protected (data_plane.protected_ports)");
        if (service.Forwarding == ForwardingMode.L4)
            return null;
        foreach (Member member in membership().Members)
            if (IPEndPoint.TryParse(member.Address, out IPEndPoint? own) && service.Addresses.Contains(own.Address))
                return Conflict("addresses", $"{own.Address} is a replica's own address; with {service.Forwarding} the nodes own a service's addresses");
        return null;
    }

    private static Problem? Choice<T>(string? text, string field, ReadOnlySpan<(string Name, T Value)> choices, out T value)
    {
        value = choices[0].Value;
        if (text is null)
            return null;
        List<string> names = [];
        foreach ((string name, T choice) in choices)
        {
            value = choice;
            if (name == text)
                return null;
            names.Add(name);
        }

        return Problem.Invalid(field, $"{string.Join(" or ", names)} expected, not \"{text}\"");
    }

    private static (ServiceDefinition? Service, Problem? Problem) Wrong(string field, string detail) => (null, Problem.Invalid(field, detail));

    private static Problem Conflict(string field, string detail) => new(StatusCodes.Status409Conflict, "Refused", detail, field);
}
