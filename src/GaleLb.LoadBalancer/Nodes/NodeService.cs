using System.Net;
using GaleLb.LoadBalancer.Cluster;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.Rpc;
using GaleLb.Rpc.Server;
using GaleLb.Rpc.Services;
using GaleLb.Rpc.V1;
using GaleLb.State;
using GaleLb.State.Nodes;
using GaleLb.State.Services;

namespace GaleLb.LoadBalancer.Nodes;

/// <summary>What this replica does for the nodes that chose it: hears them, passes on what it hears, answers every heartbeat.</summary>
internal sealed class NodeService(ClusterMachine machine, ObservationDesk observations, LeaderContact contact, TimeProvider time) : INodeService
{
    public ValueTask<GetConfigResponse> GetConfigAsync(GetConfigRequest request, RpcServerContext context)
    {
        ClusterState state = machine.State;
        if (contact.Lost.IsCancellationRequested || !state.IsFounded)
            throw NoLeader();
        GetConfigResponse response = new()
        {
            ClusterId = state.ClusterId.ToString(),
            HeartbeatIntervalMs = (uint)state.NodeHealth.HeartbeatIntervalMs,
            ChecksTimeoutMs = (uint)state.NodeHealth.ChecksTimeoutMs,
            ChecksBeforeRouting = (uint)state.NodeHealth.ChecksBeforeRouting,
        };
        foreach (ServiceRecord service in state.Services.Values)
        {
            ServiceDefinition definition = service.Definition;
            ServiceConfig config = new()
            {
                Name = definition.Name,
                Protocol = definition.Protocol.ToString().ToLowerInvariant(),
                Port = definition.Port,
                TargetPort = definition.TargetPort,
                Forwarding = definition.Forwarding.ToString().ToLowerInvariant(),
            };
            config.Addresses.AddRange(definition.Addresses.Select(a => a.ToString()));
            response.Services.Add(config);
        }
        return ValueTask.FromResult(response);
    }

    public async Task HeartbeatAsync(
        IAsyncEnumerable<HeartbeatRequest> requests, IRpcStreamWriter<HeartbeatResponse> responses, RpcServerContext context)
    {
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, contact.Lost);
        IPAddress source = CallerAddress.Normalize(context.RemoteEndPoint.Address)!;
        string? name = null;
        try
        {
            await foreach (HeartbeatRequest request in requests.WithCancellation(ended.Token))
            {
                HeardNode heard = Validate(request, source, ref name);
                observations.Hear(heard);
                await responses.WriteAsync(observations.Answer(heard, request.Sequence), ended.Token);
            }
        }
        catch (OperationCanceledException) when (contact.Lost.IsCancellationRequested && !context.CancellationToken.IsCancellationRequested)
        {
            throw NoLeader();
        }
    }

    private static RpcException NoLeader() =>
        new(StatusCode.Unavailable, "this replica has no contact with a leader; try another");

    private HeardNode Validate(HeartbeatRequest request, IPAddress source, ref string? name)
    {
        if (NameRules.CheckNode(request.Node) is { } wrongName)
            throw Invalid("node", wrongName);
        if (name is not null && name != request.Node)
            throw Invalid("node", $"this stream is {name}'s; another node opens its own");
        name = request.Node;
        if (request.Instance == 0)
            throw Invalid("instance", "a random number drawn when the process starts is expected, not 0");
        IPAddress address = source;
        if (request.Address.Length > 0 && !IPAddress.TryParse(request.Address, out address!))
            throw Invalid("address", $"an IPv4 or IPv6 address expected, not \"{request.Address}\"");
        if (request.Port > ushort.MaxValue)
            throw Invalid("port", $"0 to 65535 expected, not {request.Port}");
        uint weight = request.HasWeight ? request.Weight : NodeDescription.WeightDefault;
        if (weight > NodeDescription.WeightMax)
            throw Invalid("weight", $"0 to {NodeDescription.WeightMax} expected, not {weight}");
        if (request.Status is not (ServingStatus.Serving or ServingStatus.NotServing or ServingStatus.Leaving))
            throw Invalid("status", $"SERVING, NOT_SERVING or LEAVING expected, not {request.Status}");
        NodeDescription description = new(
            request.Instance, CallerAddress.Normalize(address)!, (ushort)request.Port, (ushort)weight,
            NodeDescription.Canonical([.. request.Services]));
        if (description.Check() is { } wrong)
            throw Invalid(wrong.Field, wrong.Message);
        if (observations.IsReplicaAddress(description.Address))
            throw Invalid("address", $"{description.Address} is a replica's own address; a node cannot share it");
        return new HeardNode(request.Node, description, request.Status, [.. request.NotServing], request.Detail, time.GetTimestamp());
    }

    private static RpcException Invalid(string field, string message) =>
        new(StatusCode.InvalidArgument, $"heartbeat: {field}: {message}");
}
