using System.Net;

namespace GaleLb.Node.Forwarding;

/// <summary>What the set-up for direct server return changes on this host.</summary>
internal interface IHostNetwork
{
    /// <summary>Gives a device an address, alone in its subnet and never chosen as a source by itself. False: it was there already.</summary>
    /// <exception cref="HostNetworkException">The kernel refused.</exception>
    bool AddAddress(IPAddress address, string device);

    /// <summary>Takes it away again. False: it was gone already.</summary>
    /// <exception cref="HostNetworkException">The kernel refused.</exception>
    bool RemoveAddress(IPAddress address, string device);

    /// <param name="path">Below /proc/sys.</param>
    /// <exception cref="HostNetworkException">It cannot be read, or is no number.</exception>
    int ReadSetting(string path);

    /// <param name="path">Below /proc/sys.</param>
    /// <exception cref="HostNetworkException">It cannot be written.</exception>
    void WriteSetting(string path, int value);
}
