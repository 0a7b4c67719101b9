using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace GaleLb.E2E.Tests.Harness;

/// <summary>
/// An authority of the cluster's own and what it issued, by galectl certs; and the files that the configurations name, which a test may
/// replace as an operator would.
/// </summary>
public sealed class Credentials
{
    public const string OrderToken = "may-give-orders";
    public const string ReadToken = "may-read";
    public const string Operator = "operator";
    private const string NodeToken = "is-a-node";
    private readonly string _directory;
    private readonly IReadOnlyList<(string Name, string Address)> _owners;

    private Credentials(string directory, IReadOnlyList<(string Name, string Address)> owners) => (_directory, _owners) = (directory, owners);

    /// <summary>The one whose certificates the cluster's processes have.</summary>
    public string Authority { get; private set; } = "first";

    /// <summary>Makes the first authority, certificates for the replicas, the nodes and an operator, and tokens.</summary>
    public static async Task<Credentials> CreateAsync(string directory, IEnumerable<int> nodes)
    {
        Credentials made = new(directory,
            [.. Cluster.AllReplicas.Select(replica => ($"lb-{replica}", $"{Topology.PrivateAddress(replica)}")),
            .. nodes.Select(node => ($"node-{node}", $"{Topology.NodeAddress(node)}")), (Operator, $"{Topology.NodeAddress(Topology.Nodes)}")]);
        Directory.CreateDirectory(made.InUse(""));
        await File.WriteAllTextAsync(made.InUse("api-tokens"), $"order {OrderToken}\nread {ReadToken}\n");
        await File.WriteAllTextAsync(made.InUse("node-token"), NodeToken + "\n");
        await made.FoundAuthorityAsync(made.Authority);
        made.Use(made.Authority);
        made.Believe(made.Authority);
        return made;
    }

    /// <summary>Makes an authority that has issued certificates for everybody; nobody uses or believes them yet.</summary>
    public async Task FoundAuthorityAsync(string authority)
    {
        await GalectlAsync("certs", "init", Of(authority), "--name", authority);
        foreach (var (name, address) in _owners)
        {
            await GalectlAsync("certs", "issue", Of(authority), name, "--ip", address);
        }
    }

    /// <summary>Gives every process that the configurations name its certificate and key of this authority.</summary>
    public void Use(string authority)
    {
        Authority = authority;
        foreach (var file in _owners.Where(owner => owner.Name != Operator).SelectMany(owner => new[] { $"{owner.Name}.pem", $"{owner.Name}-key.pem" }))
        {
            Put(file, File.ReadAllText(Path.Combine(Of(authority), file)));
        }
    }

    /// <summary>From the next look at the files on, everybody believes these authorities and no others.</summary>
    public void Believe(params IEnumerable<string> authorities) =>
        Put("ca.pem", string.Concat(authorities.Select(authority => File.ReadAllText(Path.Combine(Of(authority), "ca.pem")))));

    /// <summary>The end of a replica's configuration.</summary>
    public string OfReplica(int replica) => Section($"lb-{replica}", $"api_token_file = \"{InUse("api-tokens")}\"\n");

    /// <summary>The end of a node's configuration.</summary>
    public string OfNode(int node) => Section($"node-{node}", "");

    /// <summary>What galectl takes to call as the operator.</summary>
    public string[] OperatorOptions(int replica) =>
        ["--api", $"https://{Topology.PrivateAddress(replica)}:{Topology.ApiPort}", "--ca", Path.Combine(Of(Authority), "ca.pem"),
        "--cert", Path.Combine(Of(Authority), $"{Operator}.pem"), "--key", Path.Combine(Of(Authority), $"{Operator}-key.pem")];

    /// <summary>
    /// A caller's side of TLS: believes what the cluster's ca.pem holds now, and shows the certificate that an authority issued under a name,
    /// or none.
    /// </summary>
    public SslClientAuthenticationOptions Caller(string? authority = null, string name = Operator)
    {
        X509Certificate2Collection believed = [];
        believed.ImportFromPemFile(InUse("ca.pem"));
        var certificate = authority is null
            ? null
            : X509Certificate2.CreateFromPemFile(Path.Combine(Of(authority), $"{name}.pem"), Path.Combine(Of(authority), $"{name}-key.pem"));
        return new()
        {
            ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true),
            RemoteCertificateValidationCallback = (_, shown, _, errors) =>
            {
                using X509Chain chain = new();
                chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
                chain.ChainPolicy.CustomTrustStore.AddRange(believed);
                chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
                return !errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) && shown is X509Certificate2 leaf && chain.Build(leaf);
            },
        };
    }

    private string Section(string name, string more) =>
        $"\n[security]\nca = \"{InUse("ca.pem")}\"\ncertificate = \"{InUse($"{name}.pem")}\"\nkey = \"{InUse($"{name}-key.pem")}\"\n"
        + $"node_token_file = \"{InUse("node-token")}\"\n{more}";

    private void Put(string file, string text)
    {
        var next = InUse(file) + ".next";
        File.WriteAllText(next, text);
        File.Move(next, InUse(file), overwrite: true);
    }

    private string InUse(string file) => Path.Combine(_directory, "in-use", file);

    private string Of(string authority) => Path.Combine(_directory, authority);

    private static Task<string> GalectlAsync(params string[] arguments) => Command.SucceedAsync(Repository.Binary("galectl"), arguments);
}
