using System.Globalization;
using System.Net;

namespace GaleLb.Hosts.Tests.Harness;

/// <summary>How a host is reached and what the playbooks make of it: the inventory's variables, the roles' defaults where it has none.</summary>
/// <param name="User">Null: ssh's own choice.</param>
/// <param name="Password">What sudo asks for; null where it asks for nothing.</param>
/// <param name="PrivateAddress">Where the interface has several; null: its first.</param>
public sealed record HostAccess(
    IPAddress Address, int Port, string? User, string? Key, string? Password, int ApiPort, string PrivateInterface, string PublicInterface, string? PrivateAddress)
{
    private static readonly string? SshKey = Environment.GetEnvironmentVariable("GALE_E2E_SSH_KEY");

    private static readonly string? BecomePassword =
        Environment.GetEnvironmentVariable("GALE_E2E_BECOME_PASSWORD_FILE") is { Length: > 0 } file ? File.ReadAllText(file).TrimEnd('\n') : null;

    public static async Task<HostAccess> OfAsync(Inventory inventory, string host)
    {
        var target = Variable("ansible_host", "ansible_ssh_host") ?? host;
        var address = IPAddress.TryParse(target, out var literal) ? literal
            : target.EndsWith(".local", StringComparison.Ordinal) ? await MulticastDns.ResolveAsync(target)
            : (await Dns.GetHostAddressesAsync(target))[0];
        var privateInterface = Variable("gale_private_interface") ?? throw new InvalidDataException($"{host}: the inventory has no gale_private_interface");
        return new(
            address,
            Number("ansible_port", 22),
            Variable("ansible_user", "ansible_ssh_user"),
            SshKey ?? Variable("ansible_ssh_private_key_file", "ansible_private_key_file"),
            BecomePassword ?? Variable("ansible_become_password", "ansible_become_pass"),
            Number("gale_api_port", 5555),
            privateInterface,
            // Nodes need none.
            Variable("gale_public_interface") ?? privateInterface,
            Variable("gale_private_address"));

        string? Variable(params string[] names) => names.Select(name => inventory.Variable(host, name)).FirstOrDefault(value => value is not null);

        int Number(string name, int other) => Variable(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : other;
    }
}
