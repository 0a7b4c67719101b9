using GaleLb.Configuration.Options;
using GaleLb.Node.Heartbeats;
using GaleLb.Rpc.V1;

namespace GaleLb.Node;

/// <summary>Who this node is, as every heartbeat says.</summary>
/// <param name="Instance">Random, made at the start: tells a restart from a second node of the same name.</param>
internal sealed record NodeIdentity(string Name, ulong Instance, NodeIdentityOptions Options)
{
    private const int NameCharactersMax = 253;

    /// <summary>Whether a name can be one: <c>[a-zA-Z0-9._-]</c>, 1 to 253 of them.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= NameCharactersMax && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    public HeartbeatRequest Form(Beat beat)
    {
        HeartbeatRequest request = new()
        {
            Node = Name,
            Instance = Instance,
            Sequence = beat.Sequence,
            Address = Options.Ip?.ToString() ?? "",
            Port = Options.ServicePort,
            Weight = (uint)Options.Weight,
            Status = beat.Status,
            Detail = beat.Report.Detail,
        };
        request.Services.AddRange(Options.Services);
        request.NotServing.AddRange(beat.Report.NotServing);
        return request;
    }
}
