using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace GaleLb.Rpc.Security;

/// <summary>Who this process is, and whom it believes: certificate, key and roots, for both sides of mTLS.</summary>
/// <remarks>The machine's own roots are never believed. Thread-safe; <see cref="Reload"/> counts from the next connection on.</remarks>
public sealed class TlsIdentity
{
    private static readonly Oid ServerUsage = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientUsage = new("1.3.6.1.5.5.7.3.2");
    private readonly string _caPath;
    private readonly string _certificatePath;
    private readonly string _keyPath;
    private readonly Lock _reading = new();
    private volatile Material _material;
    private string _seen;

    private TlsIdentity(string caPath, string certificatePath, string keyPath)
    {
        _caPath = caPath;
        _certificatePath = certificatePath;
        _keyPath = keyPath;
        // Before reading: files that change in between are seen as changed, and read again.
        _seen = Fingerprint();
        _material = Read();
    }

    /// <summary>This process's own certificate; for showing its name and its end.</summary>
    public X509Certificate2 Certificate => _material.Context.TargetCertificate;

    internal SslStreamCertificateContext CertificateContext => _material.Context;

    /// <summary>Reads PEM files: roots, certificate with any intermediates after it, and key.</summary>
    /// <exception cref="InvalidDataException">A file cannot be read or used; the message names it.</exception>
    public static TlsIdentity Load(string caPath, string certificatePath, string keyPath) => new(caPath, certificatePath, keyPath);

    /// <summary>Reads the files again. On failure the old ones stay in force.</summary>
    /// <exception cref="InvalidDataException">A file cannot be read or used; the message names it.</exception>
    public void Reload() => _material = Read();

    /// <summary>Reads the files again if they hold something else than when last looked at; true when new ones are in force.</summary>
    /// <exception cref="InvalidDataException">A file cannot be read or used; said once for each content, and the old ones stay in force.</exception>
    public bool ReloadIfChanged()
    {
        lock (_reading)
        {
            string now = Fingerprint();
            if (now == _seen)
                return false;
            _seen = now;
            Reload();
            return true;
        }
    }

    /// <summary>Whether a server proved the name it was called by, with a certificate of these roots.</summary>
    internal bool ValidateServer(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        !errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) && IsOfRoots(certificate, chain, ServerUsage);

    /// <summary>Whether a caller proved a certificate of these roots.</summary>
    internal bool ValidateClient(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        IsOfRoots(certificate, chain, ClientUsage);

    private bool IsOfRoots(X509Certificate? certificate, X509Chain? offered, Oid usage)
    {
        if (certificate is not X509Certificate2 leaf)
            return false;
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_material.Roots);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(usage);
        if (offered is not null)
        {
            foreach (X509ChainElement element in offered.ChainElements)
                chain.ChainPolicy.ExtraStore.Add(element.Certificate);
            chain.ChainPolicy.ExtraStore.AddRange(offered.ChainPolicy.ExtraStore);
        }
        return chain.Build(leaf);
    }

    // By content: a copy that keeps its time, or a link that leads elsewhere, is a change too.
    private string Fingerprint() => string.Join(' ', new[] { _caPath, _certificatePath, _keyPath }.Select(path =>
    {
        try
        {
            return Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "unreadable";
        }
    }));

    private Material Read()
    {
        X509Certificate2Collection roots = Use(_caPath, () =>
        {
            X509Certificate2Collection read = [];
            read.ImportFromPemFile(_caPath);
            return read.Count > 0 ? read : throw new CryptographicException("it holds no certificate");
        });
        X509Certificate2Collection chain = Use(_certificatePath, () =>
        {
            X509Certificate2Collection read = [];
            read.ImportFromPemFile(_certificatePath);
            return read.Count > 0 ? read : throw new CryptographicException("it holds no certificate");
        });
        X509Certificate2 leaf = Use(_keyPath, () => X509Certificate2.CreateFromPemFile(_certificatePath, _keyPath));
        chain.RemoveAt(0);
        return new Material(roots, SslStreamCertificateContext.Create(leaf, chain, offline: true));
    }

    private static T Use<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
    }

    private sealed record Material(X509Certificate2Collection Roots, SslStreamCertificateContext Context);
}
