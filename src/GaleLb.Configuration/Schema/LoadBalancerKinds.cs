using GaleLb.Configuration.Options;
using GaleLb.Configuration.Toml;

namespace GaleLb.Configuration.Schema;

/// <summary>Kinds of values that only gale-lb's file has.</summary>
internal static class LoadBalancerKinds
{
    private const int FailsMax = 1_000_000;
    private const string FailsName = "an integer from 1 to 1000000, or -1 for never";

    /// <summary>−1 and counts from 1; 0 would blacklist a node before its first fail.</summary>
    public static readonly ValueKind<int> BlackListFails = new(FailsName, ReadBlackListFails);

    public static readonly ValueKind<ServiceProtocol> Protocol =
        ValueKinds.Choice(("tcp", ServiceProtocol.Tcp), ("udp", ServiceProtocol.Udp));

    public static readonly ValueKind<ServiceForwarding> Forwarding =
        ValueKinds.Choice(("l4", ServiceForwarding.L4), ("l3", ServiceForwarding.L3), ("l2", ServiceForwarding.L2));

    private static bool ReadBlackListFails(TomlValue value, string path, ConfigurationReport report, out int result)
    {
        result = 0;
        if (value is not TomlInteger integer)
        {
            return ValueKinds.Fail(value, path, report, FailsName);
        }

        if (integer.Value is not (-1 or (>= 1 and <= FailsMax)))
        {
            return ValueKinds.Fail(value, path, report, FailsName, "is out of range");
        }

        result = (int)integer.Value;
        return true;
    }
}
