using GaleLb.Configuration.Options;
using GaleLb.Node.Hosting;
using GaleLb.Rpc;
using GaleLb.Rpc.Security;

namespace GaleLb.Node;

/// <summary>What this node shows to replicas: a certificate, a token, both or neither.</summary>
internal sealed class ReplicaCredentials
{
    private readonly string? _tokenFile;

    private ReplicaCredentials(TlsIdentity? tls, string? tokenFile)
    {
        Tls = tls;
        _tokenFile = tokenFile;
    }

    public TlsIdentity? Tls { get; }

    /// <exception cref="InvalidDataException">A file cannot be read or used; the message names it.</exception>
    public static ReplicaCredentials Load(NodeSecurityOptions options)
    {
        TlsIdentity? tls = options is { CaFile: { } ca, CertificateFile: { } certificate, KeyFile: { } key } ? TlsIdentity.Load(ca, certificate, key) : null;
        ReplicaCredentials credentials = new(tls, options.NodeTokenFile);
        credentials.Metadata();
        return credentials;
    }

    /// <summary>Lets renewed certificates count from the next connection on; null without certificates.</summary>
    public CertificateWatch? Watch(TimeProvider time, NodeLog log)
    {
        if (Tls is null)
            return null;
        log.Write(CertificateWatch.Describe(Tls));
        return new CertificateWatch(Tls, time, log.Write, failed => log.Write($"new certificates are not used: {failed}"));
    }

    /// <summary>The headers of a call. The token is read anew, so that it can be renewed while the node runs.</summary>
    /// <exception cref="InvalidDataException">The token file cannot be read, or holds no token.</exception>
    public RpcMetadata Metadata()
    {
        if (_tokenFile is null)
            return RpcMetadata.Empty;
        try
        {
            string token = File.ReadAllText(_tokenFile).Trim();
            if (token.Length == 0)
                throw new InvalidDataException($"{_tokenFile}: is empty; expected a token");
            RpcMetadata metadata = new();
            metadata.Add("authorization", $"Bearer {token}");
            return metadata;
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"{_tokenFile}: is not one line of printable ASCII; expected a token", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"{_tokenFile}: {e.Message}", e);
        }
    }
}
