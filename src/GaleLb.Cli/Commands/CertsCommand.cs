using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GaleLb.Cli.Certificates;

namespace GaleLb.Cli.Commands;

/// <summary><c>galectl certs init|issue</c>: a small authority of a cluster's own. Asks no replica.</summary>
internal static class CertsCommand
{
    private const int NameLengthMax = 64;

    public static Command Create(GalectlEnvironment environment) => new("certs", "Make certificates for a cluster without an authority of its own")
    {
        Init(environment),
        Issue(environment),
    };

    private static Command Init(GalectlEnvironment environment)
    {
        Argument<string> directory = new("DIR") { Description = "Where to put ca.pem and ca-key.pem" };
        Option<string> name = new("--name") { Description = "The authority's name", HelpName = "NAME", DefaultValueFactory = _ => "GaleLB" };
        Option<int> days = Days(3650);
        Command command = new("init", "Make an authority: ca.pem for all, ca-key.pem to be kept") { directory, name, days };
        command.SetAction(parsed => Run(environment, () =>
        {
            string at = parsed.GetRequiredValue(directory), subject = parsed.GetRequiredValue(name);
            if (subject.Length is 0 or > NameLengthMax)
            {
                throw new UsageException($"--name: expected 1 to {NameLengthMax} characters");
            }

            DateTimeOffset end = SmallAuthority.Create(at, subject, Validity(parsed, days), environment.Time.GetUtcNow());
            environment.Output.Write(
                $"{SmallAuthority.CertificatePath(at, SmallAuthority.Name)}: [security] ca for every replica, node and operator, valid until {Day(end)}\n"
                + $"{SmallAuthority.KeyPath(at, SmallAuthority.Name)}: signs certificates; keep it off the machines of the cluster\n");
        }));
        return command;
    }

    private static Command Issue(GalectlEnvironment environment)
    {
        Argument<string> directory = new("DIR") { Description = "Where ca.pem and ca-key.pem are" };
        Argument<string> name = new("NAME") { Description = "Whose certificate; the files are NAME.pem and NAME-key.pem" };
        Option<string[]> ip = new("--ip") { Description = "An address it is called by; repeat for more", HelpName = "IP", DefaultValueFactory = _ => [] };
        Option<string[]> dns = new("--dns")
        {
            Description = "A host name it is called by; repeat for more. Default: NAME, when no --ip is given",
            HelpName = "HOST",
            DefaultValueFactory = _ => [],
        };
        Option<int> days = Days(365);
        Option<bool> renew = new("--renew") { Description = "Replace the certificate and key of that name" };
        Command command = new("issue", "Issue a certificate for a replica, a node or an operator") { directory, name, ip, dns, days, renew };
        command.SetAction(parsed => Run(environment, () =>
        {
            string at = parsed.GetRequiredValue(directory), whose = NameOf(parsed.GetRequiredValue(name));
            SubjectAlternativeNameBuilder names = Names(whose, parsed.GetRequiredValue(ip), parsed.GetRequiredValue(dns));
            using SmallAuthority authority = SmallAuthority.Open(at);
            DateTimeOffset end = authority.Issue(whose, names, Validity(parsed, days), environment.Time.GetUtcNow(), parsed.GetValue(renew));
            environment.Output.Write(
                $"{SmallAuthority.CertificatePath(at, whose)}: [security] certificate, valid until {Day(end)}\n"
                + $"{SmallAuthority.KeyPath(at, whose)}: [security] key\n");
        }));
        return command;
    }

    private static Option<int> Days(int usual) => new("--days") { Description = $"How long it is valid; {usual} when left out", HelpName = "N", DefaultValueFactory = _ => usual };

    private static TimeSpan Validity(ParseResult parsed, Option<int> days)
    {
        const int daysMax = 36500;
        int given = parsed.GetValue(days);
        return given is > 0 and <= daysMax ? TimeSpan.FromDays(given) : throw new UsageException($"--days: {given}; expected 1 to {daysMax}");
    }

    // A name is a file's too, and must not lead elsewhere, nor to the authority or to the key of another.
    private static string NameOf(string name) =>
        name.Length <= NameLengthMax && name != SmallAuthority.Name && !name.EndsWith("-key", StringComparison.Ordinal)
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
        && char.IsAsciiLetterOrDigit(name.FirstOrDefault())
            ? name
            : throw new UsageException(
                $"NAME: \"{name}\"; expected 1 to {NameLengthMax} of [a-zA-Z0-9._-], a letter or digit first, and neither \"{SmallAuthority.Name}\" nor ending in \"-key\"");

    private static SubjectAlternativeNameBuilder Names(string name, string[] ips, string[] hosts)
    {
        SubjectAlternativeNameBuilder names = new();
        foreach (string ip in ips)
        {
            names.AddIpAddress(IPAddress.TryParse(ip, out IPAddress? address) ? address : throw new UsageException($"--ip: \"{ip}\" is not an IP address"));
        }

        foreach (string host in ips.Length == 0 && hosts.Length == 0 ? [name] : hosts)
        {
            names.AddDnsName(Uri.CheckHostName(host) == UriHostNameType.Dns ? host : throw new UsageException($"--dns: \"{host}\" is not a host name"));
        }

        return names;
    }

    private static int Run(GalectlEnvironment environment, Action make)
    {
        try
        {
            make();
            return ExitCode.Fine;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            environment.Error.WriteLine($"galectl: {e.Message}");
            return ExitCode.Failed;
        }
    }

    private static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd");
}
