using GaleLb.State.Forwarding;

namespace GaleLb.LoadBalancer.Forwarding;

/// <summary>What the kernel's numbers are called, by a table; made for many questions, and only as far as it is asked.</summary>
internal sealed class TableNames(ForwardingTable table)
{
    private readonly Lazy<Dictionary<NodeIndex, string>> _nodes = new(() => table.Nodes.ToDictionary(n => n.Index, n => n.Name));
    private readonly Lazy<Dictionary<ServiceId, string>> _services = new(() => table.Services.ToDictionary(s => s.Id, s => s.Name));

    /// <summary>Null when the node is no longer in the table.</summary>
    public string? Of(NodeIndex node) => _nodes.Value.GetValueOrDefault(node);

    /// <summary>Null when the service is no longer in the table.</summary>
    public string? Of(ServiceId service) => _services.Value.GetValueOrDefault(service);
}
