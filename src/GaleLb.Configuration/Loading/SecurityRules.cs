using GaleLb.Configuration.Schema;

namespace GaleLb.Configuration.Loading;

/// <summary>What must hold between the keys of <c>[security]</c> in both files.</summary>
internal static class SecurityRules
{
    /// <summary>Mutual TLS needs all three files; with some of them it would silently be off.</summary>
    public static void CheckCertificates(
        SectionValues security, ConfigurationKey ca, ConfigurationKey certificate, ConfigurationKey key, ConfigurationReport report)
    {
        ConfigurationKey[] all = [ca, certificate, key];
        ConfigurationKey[] given = [.. all.Where(security.IsGiven)];
        if (given.Length is 0 or 3 || all.Any(security.IsWrong))
        {
            return;
        }

        string missing = string.Join(" and ", all.Except(given).Select(k => k.Name));
        report.Error(security.PositionOf(given[0]), security.PathOf(given[0]),
            $"is given without {missing}; expected ca, certificate and key together, or none of them");
    }
}
