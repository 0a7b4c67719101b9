using System.Net;
using GaleLb.State.Forwarding;

namespace GaleLb.State.Nodes;

/// <summary>
/// A node's place in the kernel's maps and on the network. A place never changes: another address is another place with
/// another index and a higher generation, so that no flow is ever taken for another node's.
/// </summary>
public sealed record NodePlace(NodeIndex Index, Generation Generation, IPAddress Address);

/// <summary>
/// A place that its node has given up. It stays in the table, its flows refused, until flow_grace after
/// <paramref name="Since"/> or until its address is claimed; only then is the index free again.
/// </summary>
public sealed record RetiredPlace(NodePlace Place, string Name, LogTime Since);
