using System.Globalization;

namespace GaleLb.DataPlane.Kernel;

/// <summary>Whether this kernel and this process can carry the programs. Pure but for <see cref="Check()"/>.</summary>
public static class HostRequirements
{
    /// <summary>docs/decisions/0003: bpf_redirect_neigh came with 5.10.</summary>
    public static readonly Version KernelFloor = new(5, 10);

    /// <summary>bpf_link for TC, by which a program goes with its process, came with 6.6.</summary>
    public static readonly Version TcLinkFloor = new(6, 6);

    private static readonly (int Bit, string Name) NetAdmin = (12, "CAP_NET_ADMIN");
    private static readonly (int Bit, string Name) SysAdmin = (21, "CAP_SYS_ADMIN");
    private static readonly (int Bit, string Name) PerfMon = (38, "CAP_PERFMON");
    private static readonly (int Bit, string Name) Bpf = (39, "CAP_BPF");

    /// <exception cref="DataPlaneException">What is missing, in words.</exception>
    public static void Check()
    {
        Check(File.ReadAllText("/proc/sys/kernel/osrelease").Trim(), File.ReadAllText("/proc/self/status"));
    }

    /// <param name="release">As uname -r prints it.</param>
    /// <param name="processStatus">The text of /proc/self/status.</param>
    public static void Check(string release, string processStatus)
    {
        Version version = ParseRelease(release);
        if (version < KernelFloor)
            throw new DataPlaneException($"the kernel is {release}; the data plane needs {KernelFloor} or newer (or xdp_mode = \"off\")");

        ulong effective = EffectiveCapabilities(processStatus);
        List<string> missing = [];
        if (!Has(NetAdmin)) missing.Add(NetAdmin.Name);
        if (!Has(SysAdmin))
        {
            if (!Has(Bpf)) missing.Add(Bpf.Name);
            if (!Has(PerfMon)) missing.Add(PerfMon.Name);
        }

        if (missing.Count > 0)
        {
            throw new DataPlaneException(
                $"no privilege to load packet programs: {string.Join(", ", missing)} missing; run as root, or give the service these capabilities");
        }

        bool Has((int Bit, string Name) capability) => (effective & (1ul << capability.Bit)) != 0;
    }

    /// <summary>Whether a program in TC can go with its process.</summary>
    /// <exception cref="DataPlaneException">The kernel is too old, in words.</exception>
    public static void CheckTcLink(Version kernel)
    {
        if (kernel < TcLinkFloor)
            throw new DataPlaneException($"decapsulation in TC needs kernel {TcLinkFloor} or newer, this is {kernel}; \"xdp\" does not");
    }

    private static Version ParseRelease(string release)
    {
        string[] parts = release.Split('.', '-', '+');
        return parts.Length >= 2 && int.TryParse(parts[0], out int major) && int.TryParse(parts[1], out int minor)
            ? new Version(major, minor)
            : throw new DataPlaneException($"the kernel's version \"{release}\" cannot be read; {KernelFloor} or newer is needed");
    }

    private static ulong EffectiveCapabilities(string status)
    {
        const string Field = "CapEff:";
        string? line = status.Split('\n').FirstOrDefault(l => l.StartsWith(Field, StringComparison.Ordinal));
        return line is not null && ulong.TryParse(line[Field.Length..].Trim(), NumberStyles.HexNumber, null, out ulong bits) ? bits : 0;
    }
}
