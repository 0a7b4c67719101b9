using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace GaleLb.Cli.Api;

/// <summary>Whom galectl believes at an https address, and what it shows of itself.</summary>
internal static class ApiTrust
{
    private static readonly Oid ServerUsage = new("1.3.6.1.5.5.7.3.1");

    /// <param name="ca">The authority's certificates; null: whom this machine believes.</param>
    /// <param name="certificate">galectl's own, with any intermediates after it; null: none.</param>
    /// <param name="key">Its key.</param>
    /// <exception cref="UsageException">A file cannot be used; the message names it.</exception>
    public static SslClientAuthenticationOptions Of(string? ca, string? certificate, string? key)
    {
        if (certificate is null != key is null)
        {
            throw new UsageException("--cert and --key go together: one is given without the other");
        }

        SslClientAuthenticationOptions options = new()
        {
            RemoteCertificateValidationCallback = (sender, shown, chain, errors) =>
                errors == SslPolicyErrors.None ? true : throw new AuthenticationException(Words(ca, shown, chain, errors)),
        };
        if (ca is not null)
        {
            X509ChainPolicy policy = new()
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            policy.CustomTrustStore.AddRange(Use("--ca", ca, () => ReadAll(ca)));
            policy.ApplicationPolicy.Add(ServerUsage);
            options.CertificateChainPolicy = policy;
        }

        if (certificate is not null && key is not null)
        {
            X509Certificate2Collection others = Use("--cert", certificate, () => ReadAll(certificate));
            X509Certificate2 own = Use("--key", key, () => X509Certificate2.CreateFromPemFile(certificate, key));
            others.RemoveAt(0);
            options.ClientCertificateContext = SslStreamCertificateContext.Create(own, others, offline: true);
        }

        return options;
    }

    private static X509Certificate2Collection ReadAll(string path)
    {
        X509Certificate2Collection read = [];
        read.ImportFromPemFile(path);
        return read.Count > 0 ? read : throw new CryptographicException("it holds no certificate");
    }

    private static T Use<T>(string option, string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"{option}: {path} cannot be used: {e.Message}");
        }
    }

    private static string Words(string? ca, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors)
    {
        if (shown is not X509Certificate2 certificate)
        {
            return "it shows no certificate";
        }

        if (chain?.ChainStatus.Any(s => s.Status == X509ChainStatusFlags.NotTimeValid) == true)
        {
            return $"its certificate is valid from {Day(certificate.NotBefore)} to {Day(certificate.NotAfter)}";
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            return ca is null
                ? "its certificate is of no authority that this machine believes; --ca FILE names another"
                : $"its certificate is not of the authority in {ca}";
        }

        return $"its certificate is {certificate.Subject}'s, and not for this address";
    }

    private static string Day(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm'Z'");
}
