using System.Collections.Immutable;
using System.Net;

namespace GaleLb.Node.Forwarding;

/// <summary>The unwrapping program on an interface; disposing takes it off.</summary>
internal interface IUnwrapper : IDisposable
{
    /// <summary>Where it sits and how, and what is not as it should be.</summary>
    string Description { get; }

    /// <summary>From now on unwraps what is sent to <paramref name="own"/> with a packet for one of the services inside.</summary>
    void Hold(IPAddress own, ImmutableArray<IPAddress> services);

    /// <summary>What became of the packets so far, in words.</summary>
    string Count();
}
