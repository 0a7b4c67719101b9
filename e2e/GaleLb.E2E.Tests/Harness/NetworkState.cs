using System.Text.RegularExpressions;

namespace GaleLb.E2E.Tests.Harness;

/// <summary>What gale-lb could change in a namespace: interfaces with their programs, queueing disciplines, filters, addresses, routes.</summary>
public sealed partial record NetworkState(string Text)
{
    public bool HasPrograms => Text.Contains("prog/xdp", StringComparison.Ordinal) || Text.Contains("clsact", StringComparison.Ordinal)
        || Text.Contains("tcx/", StringComparison.Ordinal);

    public static async Task<NetworkState> OfAsync(NetworkNamespace space)
    {
        var parts = new List<string>();
        foreach (var command in new[] { "ip -d link", "ip addr", "ip route", "ip rule", "tc qdisc", "tc filter show dev pub ingress", "tc filter show dev priv ingress", "bpftool net show" })
        {
            var result = await Command.InAsync(space, "/bin/sh", "-c", command + " 2>&1");
            parts.Add(Changing().Replace($"# {command}\n{result.Output}", ""));
        }

        return new(string.Join('\n', parts));
    }

    // What the kernel itself changes from one moment to the next.
    [GeneratedRegex(@"\b(valid_lft|preferred_lft) \S+| tentative\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Changing();
}
