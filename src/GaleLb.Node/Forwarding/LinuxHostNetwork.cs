using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;

namespace GaleLb.Node.Forwarding;

/// <summary>This host: addresses by rtnetlink, settings by /proc/sys. Needs CAP_NET_ADMIN.</summary>
internal sealed partial class LinuxHostNetwork : IHostNetwork
{
    private const int FileExists = 17;
    private const int AddressNotAvailable = 99;

    public bool AddAddress(IPAddress address, string device) => Change(AddressRequest.New, address, device, FileExists, "added to");

    public bool RemoveAddress(IPAddress address, string device) => Change(AddressRequest.Delete, address, device, AddressNotAvailable, "taken off");

    public int ReadSetting(string path)
    {
        string text = Use(path, file => File.ReadAllText(file).Trim());
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw new HostNetworkException($"/proc/sys/{path}: '{text}' is no number");
    }

    public void WriteSetting(string path, int value) => Use(path, file =>
    {
        File.WriteAllText(file, value.ToString(CultureInfo.InvariantCulture));
        return value;
    });

    private static bool Change(ushort type, IPAddress address, string device, int done, string verb)
    {
        uint index = InterfaceIndex(device);
        if (index == 0)
            throw new HostNetworkException($"forwarding.device: there is no interface {device}");
        int errno = RouteSocket.Ask(AddressRequest.Encode(type, address, index));
        if (errno == 0)
            return true;
        return errno == done
            ? false
            : throw new HostNetworkException($"service address {address} cannot be {verb} {device}: {Marshal.GetPInvokeErrorMessage(errno)}");
    }

    private static T Use<T>(string path, Func<string, T> action)
    {
        string file = Path.Combine("/proc/sys", path);
        try
        {
            return action(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HostNetworkException($"{file}: {e.Message}", e);
        }
    }

    // By the C library, not by /sys: it sees the network namespace of the calling thread.
    [LibraryImport("libc", EntryPoint = "if_nametoindex", StringMarshalling = StringMarshalling.Utf8)]
    private static partial uint InterfaceIndex(string name);
}
