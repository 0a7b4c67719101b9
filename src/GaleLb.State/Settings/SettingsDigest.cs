using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using GaleLb.State.Forwarding;
using GaleLb.State.Services;

namespace GaleLb.State.Settings;

/// <summary>One setting by the name that it has in the file, after defaults, durations in milliseconds.</summary>
public readonly record struct Setting(string Key, string Value);

/// <summary>A key that differs between two lists; null where a list lacks it.</summary>
public readonly record struct SettingDifference(string Key, string? Ours, string? Theirs)
{
    public override string ToString() => $"{Key}: {Ours ?? "(absent)"} and {Theirs ?? "(absent)"}";
}

/// <summary>
/// What must be the same on every replica, as a list in ordinal order of keys, and its digest. Addresses, interfaces,
/// private ports and map sizes are not in it.
/// </summary>
public static class SettingsDigest
{
    public static ImmutableArray<Setting> List(ClusterSettings settings)
    {
        List<Setting> list = [];
        NodeHealthSettings health = settings.NodeHealth;
        AddNumber("node_health.checks_before_routing", health.ChecksBeforeRouting);
        AddNumber("node_health.checks_timeout", health.ChecksTimeoutMs);
        AddNumber("node_health.black_list_after_fails", health.BlackListAfterFails);
        AddNumber("node_health.black_list_expiry", health.BlackListExpiryMs);
        AddNumber("node_health.min_routable", health.MinRoutable);
        Add("node_health.max_eject_share", Share(health.MaxEjectSharePermille));
        AddNumber("node_health.flow_grace", health.FlowGraceMs);
        AddNumber("node_health.forget_after", health.ForgetAfterMs);
        foreach (ServiceDefinition service in settings.Services)
        {
            string prefix = $"services.{service.Name}.";
            Add(prefix + "protocol", service.Protocol == Protocol.Udp ? "udp" : "tcp");
            AddNumber(prefix + "port", service.Port);
            AddNumber(prefix + "target_port", service.TargetPort);
            Add(prefix + "forwarding", service.Forwarding.ToString().ToLowerInvariant());
            Add(prefix + "scheduler", service.Scheduler.ToString().ToLowerInvariant());
            Add(prefix + "hash", service.Hash == HashPolicy.Source ? "source" : "five_tuple");
        }

        list.Sort((a, b) => string.CompareOrdinal(a.Key, b.Key));
        return [.. list];

        void Add(string key, string value) => list.Add(new Setting(key, value));
        void AddNumber(string key, long value) => Add(key, value.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>SHA-256 over the lines "key=value\n" in order, 64 hexadecimal digits.</summary>
    public static string Of(ImmutableArray<Setting> settings)
    {
        StringBuilder text = new();
        foreach (Setting setting in settings)
            text.Append(setting.Key).Append('=').Append(setting.Value).Append('\n');
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    public static string Of(ClusterSettings settings) => Of(List(settings));

    /// <summary>Every key that differs, in order. Both lists are in ordinal order of keys.</summary>
    public static ImmutableArray<SettingDifference> Compare(ImmutableArray<Setting> ours, ImmutableArray<Setting> theirs)
    {
        ImmutableArray<SettingDifference>.Builder differences = ImmutableArray.CreateBuilder<SettingDifference>();
        int i = 0;
        int j = 0;
        while (i < ours.Length || j < theirs.Length)
        {
            int order = i == ours.Length ? 1 : j == theirs.Length ? -1 : string.CompareOrdinal(ours[i].Key, theirs[j].Key);
            string? mine = order <= 0 ? ours[i].Value : null;
            string? other = order >= 0 ? theirs[j].Value : null;
            if (mine != other)
                differences.Add(new SettingDifference(order <= 0 ? ours[i].Key : theirs[j].Key, mine, other));
            i += order <= 0 ? 1 : 0;
            j += order >= 0 ? 1 : 0;
        }

        return differences.ToImmutable();
    }

    /// <summary>A share in permille as the file writes it: 500 is "0.5", 1000 is "1".</summary>
    private static string Share(int permille) => permille % 1000 == 0
        ? (permille / 1000).ToString(CultureInfo.InvariantCulture)
        : $"{permille / 1000}.{(permille % 1000).ToString("000", CultureInfo.InvariantCulture).TrimEnd('0')}";
}
