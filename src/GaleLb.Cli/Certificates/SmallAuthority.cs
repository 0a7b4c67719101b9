using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace GaleLb.Cli.Certificates;

/// <summary>A certificate authority in a directory: ca.pem and ca-key.pem, and NAME.pem with NAME-key.pem for each that it issued.</summary>
/// <remarks>For a cluster without an authority of its own. It knows no revocation: what has leaked is replaced together with the authority.</remarks>
internal sealed class SmallAuthority : IDisposable
{
    public const string Name = "ca";

    private const UnixFileMode Secret = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Public = Secret | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    // The clocks of those who look at a certificate may be behind.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    private readonly string _directory;
    private readonly X509Certificate2 _certificate;

    private SmallAuthority(string directory, X509Certificate2 certificate)
    {
        _directory = directory;
        _certificate = certificate;
    }

    public static string CertificatePath(string directory, string name) => Path.Combine(directory, $"{name}.pem");

    public static string KeyPath(string directory, string name) => Path.Combine(directory, $"{name}-key.pem");

    /// <summary>Makes an authority. Returns its end.</summary>
    /// <exception cref="IOException">There is one, or it cannot be written.</exception>
    public static DateTimeOffset Create(string directory, string subject, TimeSpan validity, DateTimeOffset now)
    {
        RefuseToOverwrite(directory, Name);
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(SubjectOf(subject), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using X509Certificate2 made = request.CreateSelfSigned(now - ClockSkew, now + validity);
        Directory.CreateDirectory(directory);
        Write(directory, Name, made, key);
        return new DateTimeOffset(made.NotAfter);
    }

    /// <exception cref="CryptographicException">The files are no authority.</exception>
    /// <exception cref="IOException">They cannot be read.</exception>
    public static SmallAuthority Open(string directory) =>
        new(directory, X509Certificate2.CreateFromPemFile(CertificatePath(directory, Name), KeyPath(directory, Name)));

    /// <summary>Issues a certificate for both sides of a connection. Returns its end, which is the authority's own at the latest.</summary>
    /// <exception cref="IOException">There is one of that name, unless <paramref name="renew"/>; or it cannot be written.</exception>
    public DateTimeOffset Issue(string name, SubjectAlternativeNameBuilder names, TimeSpan validity, DateTimeOffset now, bool renew)
    {
        if (!renew)
        {
            RefuseToOverwrite(_directory, name);
        }

        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(SubjectOf(name), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        DateTimeOffset begin = now - ClockSkew, end = now + validity;
        DateTimeOffset first = new(_certificate.NotBefore), last = new(_certificate.NotAfter);
        using X509Certificate2 made = request.Create(
            _certificate, begin > first ? begin : first, end < last ? end : last, RandomNumberGenerator.GetBytes(16));
        Write(_directory, name, made, key);
        return new DateTimeOffset(made.NotAfter);
    }

    public void Dispose() => _certificate.Dispose();

    private static X500DistinguishedName SubjectOf(string name)
    {
        X500DistinguishedNameBuilder subject = new();
        subject.AddCommonName(name);
        return subject.Build();
    }

    private static void RefuseToOverwrite(string directory, string name)
    {
        foreach (string path in new[] { CertificatePath(directory, name), KeyPath(directory, name) })
        {
            if (Path.Exists(path))
            {
                throw new IOException($"{path} exists and is not overwritten");
            }
        }
    }

    private static void Write(string directory, string name, X509Certificate2 certificate, ECDsa key)
    {
        Write(KeyPath(directory, name), key.ExportPkcs8PrivateKeyPem(), Secret);
        Write(CertificatePath(directory, name), certificate.ExportCertificatePem(), Public);
    }

    // Whole under its name or not at all: whoever reads at the same time sees the old file or the new one.
    private static void Write(string path, string pem, UnixFileMode mode)
    {
        string made = path + ".new";
        File.Delete(made);
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        // Secret from its first byte on. The condition is the analyzer's: galectl is published for Linux alone.
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }

        using (StreamWriter writer = new(new FileStream(made, options)))
        {
            writer.Write(pem);
            writer.Write('\n');
        }

        File.Move(made, path, overwrite: true);
    }
}
