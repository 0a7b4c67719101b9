using System.Collections.Immutable;
using System.Net;
using GaleLb.State.Commands;
using GaleLb.State.Events;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;
using GaleLb.State.Services;

namespace GaleLb.State.Rules;

/// <summary>Services: added, replaced, removed, each address with a number of its own.</summary>
internal static class ServiceRules
{
    public static CommandAnswer Judge(Transition t, ServiceOrder order) => order switch
    {
        AddService add when t.State.FindService(add.Service) is not null =>
            t.Conflict($"a service named '{add.Service}' exists", "name"),
        AddService add => Check(t, add.Definition) ?? Add(t, add.Definition),
        ReplaceService replace when t.State.FindService(replace.Service) is null => UnknownService(t, replace.Service),
        ReplaceService replace => Check(t, replace.Definition) ?? Put(t, replace.Definition),
        _ when t.State.FindService(order.Service) is { } service => Remove(t, service),
        _ => UnknownService(t, order.Service),
    };

    /// <summary>Adds a service that was checked.</summary>
    public static CommandAnswer Add(Transition t, ServiceDefinition definition)
    {
        RingInput input = RingInput.Empty;
        foreach (NodeRecord node in t.State.Nodes.Values)
            if (node.InRing && node.Serves(definition.Name))
                input = input.Add(node.RingToken);
        t.PutService(new ServiceRecord
        {
            Definition = definition,
            Endpoints = Number(t.State, definition, []),
            Input = input,
            LastChange = t.Index,
        });
        t.Tell(EventKind.ServiceAdded, definition.Name, definition.ToString());
        return t.Ok();
    }

    /// <summary>Replaces a service, or adds it when the name is new.</summary>
    public static CommandAnswer Put(Transition t, ServiceDefinition definition)
    {
        if (t.State.FindService(definition.Name) is not { } service)
            return Add(t, definition);
        if (service.Definition.Equals(definition))
            return t.Ok("nothing to change");
        t.PutService(service with
        {
            Definition = definition,
            Endpoints = Number(t.State, definition, service.Endpoints),
            LastChange = t.Index,
        });
        t.Tell(EventKind.ServiceChanged, definition.Name, definition.ToString());
        return t.Ok();
    }

    public static CommandAnswer Remove(Transition t, ServiceRecord service)
    {
        t.DropService(service);
        t.Tell(EventKind.ServiceRemoved, service.Name, "");
        return t.Ok();
    }

    private static CommandAnswer UnknownService(Transition t, string name) => t.NotFound($"no service is named '{name}'");

    private static CommandAnswer? Check(Transition t, ServiceDefinition definition)
    {
        if (definition.Check() is { } wrong)
            return t.Invalid(wrong.Field, wrong.Message);
        int rows = Math.Max(1, definition.Addresses.Length);
        foreach (ServiceRecord other in t.State.Services.Values)
        {
            if (other.Name == definition.Name)
                continue;
            rows += other.Endpoints.Length;
            if (ServiceCollision.Find(definition, other.Definition) is { } where)
                return t.Conflict($"service '{other.Name}' is already at {where}", "port");
        }

        return rows <= ForwardingTable.ServicesMax
            ? null
            : t.Conflict($"at most {ForwardingTable.ServicesMax} addresses of services fit, and this would make {rows}", "addresses");
    }

    /// <summary>An address that stays keeps its number; a new one gets the lowest that is free, counted without <paramref name="old"/>.</summary>
    private static ImmutableArray<ServiceEndpoint> Number(
        ClusterState state, ServiceDefinition definition, ImmutableArray<ServiceEndpoint> old)
    {
        ImmutableArray<IPAddress?> addresses = definition.Addresses.IsEmpty ? [null] : [.. definition.Addresses];
        SortedSet<ushort> taken = [];
        foreach (ServiceRecord service in state.Services.Values)
            if (service.Name != definition.Name)
                foreach (ServiceEndpoint endpoint in service.Endpoints)
                    taken.Add(endpoint.Id.Value);
        ServiceEndpoint?[] numbered = new ServiceEndpoint?[addresses.Length];
        for (int i = 0; i < numbered.Length; i++)
        {
            numbered[i] = old.FirstOrDefault(e => Equals(e.Address, addresses[i]));
            if (numbered[i] is { } kept)
                taken.Add(kept.Id.Value);
        }

        ushort next = 1;
        for (int i = 0; i < numbered.Length; i++)
        {
            if (numbered[i] is not null)
                continue;
            while (!taken.Add(next))
                next++;
            numbered[i] = new ServiceEndpoint(new ServiceId(next), addresses[i]);
        }

        return [.. numbered.Select(e => e!)];
    }
}
