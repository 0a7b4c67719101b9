using System.CommandLine;
using System.Net.Security;
using GaleLb.Cli.Api;
using GaleLb.Cli.Output;
using GaleLb.Configuration;

namespace GaleLb.Cli.Commands;

/// <summary>The options that every command has, and the call that follows from them.</summary>
internal sealed class GlobalOptions
{
    public const string TimeoutVariable = "GALECTL_TIMEOUT";
    public const string TokenFileVariable = "GALECTL_TOKEN_FILE";
    public const string CaVariable = "GALECTL_CA";
    public const string CertificateVariable = "GALECTL_CERT";
    public const string KeyVariable = "GALECTL_KEY";

    private const string DefaultTimeout = "5s";

    private readonly GalectlEnvironment _environment;

    private readonly Option<string[]> _api = new("--api")
    {
        Description = $"A replica's API; give several to fall back on. Default: {ApiAddresses.Variable}, else {ApiAddresses.Default}",
        HelpName = "URL",
        Recursive = true,
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string> _output = new("--output", "-o")
    {
        Description = "How to show the answer",
        HelpName = "json|table|wide",
        Recursive = true,
        DefaultValueFactory = _ => "table",
    };

    private readonly Option<string?> _timeout = new("--timeout")
    {
        Description = $"How long to wait for each replica. Default: {TimeoutVariable}, else {DefaultTimeout}",
        HelpName = "DURATION",
        Recursive = true,
    };

    private readonly Option<string?> _tokenFile = new("--token-file")
    {
        Description = $"The file that holds the API token. Default: {TokenFileVariable}",
        HelpName = "FILE",
        Recursive = true,
    };

    private readonly Option<string?> _ca = new("--ca")
    {
        Description = $"The authority (PEM) whose certificates https addresses must show. Default: {CaVariable}, else whom this machine believes",
        HelpName = "FILE",
        Recursive = true,
    };

    private readonly Option<string?> _certificate = new("--cert")
    {
        Description = $"The certificate (PEM) to show to https addresses. Default: {CertificateVariable}",
        HelpName = "FILE",
        Recursive = true,
    };

    private readonly Option<string?> _key = new("--key")
    {
        Description = $"Its private key (PEM). Default: {KeyVariable}",
        HelpName = "FILE",
        Recursive = true,
    };

    public GlobalOptions(GalectlEnvironment environment)
    {
        _environment = environment;
        _output.AcceptOnlyFromAmong("json", "table", "wide");
    }

    public GalectlEnvironment Environment => _environment;

    public IEnumerable<Option> All => [_api, _output, _timeout, _tokenFile, _ca, _certificate, _key];

    /// <summary>Lets a command run with a call to the API.</summary>
    public void Handle(Command command, Func<ApiCall, ParseResult, CancellationToken, Task<int>> run) =>
        command.SetAction(async (parsed, cancellation) =>
        {
            using ApiClient client = Client(parsed);
            return await run(Call(parsed, client), parsed, cancellation);
        });

    /// <summary>Lets a command show one document.</summary>
    public void Handle(Command command, Func<ApiCall, ParseResult, CancellationToken, Task> run) =>
        Handle(command, async (call, parsed, cancellation) =>
        {
            await run(call, parsed, cancellation);
            return ExitCode.Fine;
        });

    /// <summary>Lets a command run that asks no replica.</summary>
    public void HandleLocally(Command command, Func<Display, ParseResult, int> run) =>
        command.SetAction(parsed => run(DisplayOf(parsed), parsed));

    public ApiClient Client(ParseResult parsed)
    {
        return new ApiClient(Addresses(parsed), TimeoutOf(parsed), Token(parsed.GetValue(_tokenFile)), Trust(parsed));
    }

    private SslClientAuthenticationOptions Trust(ParseResult parsed) => ApiTrust.Of(
        FileOf(parsed, _ca, CaVariable), FileOf(parsed, _certificate, CertificateVariable), FileOf(parsed, _key, KeyVariable));

    private string? FileOf(ParseResult parsed, Option<string?> option, string variable) =>
        parsed.GetValue(option) ?? (_environment.Variable(variable) is { Length: > 0 } file ? file : null);

    private IReadOnlyList<Uri> Addresses(ParseResult parsed)
    {
        string[] given = parsed.GetValue(_api) ?? [];
        string? variable = _environment.Variable(ApiAddresses.Variable);
        IEnumerable<string> texts = given.Length > 0 ? given : [string.IsNullOrWhiteSpace(variable) ? ApiAddresses.Default : variable];
        return ApiAddresses.TryParse(texts, out IReadOnlyList<Uri>? addresses, out string error)
            ? addresses
            : throw new UsageException($"{(given.Length > 0 ? "--api" : ApiAddresses.Variable)}: {error}");
    }

    private TimeSpan TimeoutOf(ParseResult parsed)
    {
        string? given = parsed.GetValue(_timeout), variable = _environment.Variable(TimeoutVariable);
        string timeout = given ?? (string.IsNullOrWhiteSpace(variable) ? DefaultTimeout : variable);
        return DurationText.TryParse(timeout, out TimeSpan perReplica) && perReplica > TimeSpan.Zero && perReplica <= TimeSpan.FromDays(1)
            ? perReplica
            : throw new UsageException($"{(given is null ? TimeoutVariable : "--timeout")}: \"{timeout}\" is not a time to wait; expected {DurationText.Expected}");
    }

    private ApiCall Call(ParseResult parsed, ApiClient client) => new(client, DisplayOf(parsed));

    private Display DisplayOf(ParseResult parsed) => new(
        parsed.GetValue(_output) switch
        {
            "json" => OutputFormat.Json,
            "wide" => OutputFormat.Wide,
            _ => OutputFormat.Table,
        },
        new TextOutput(_environment.Output, _environment.IsTerminal),
        new TextOutput(_environment.Error, hasColours: false));

    private string? Token(string? option)
    {
        string? file = option ?? _environment.Variable(TokenFileVariable);
        if (string.IsNullOrEmpty(file))
        {
            return null;
        }

        string source = option is null ? TokenFileVariable : "--token-file";
        try
        {
            string token = File.ReadLines(file).Select(l => l.Trim()).FirstOrDefault(l => l.Length > 0 && l[0] != '#')
                ?? throw new UsageException($"{source}: {file} holds no token; expected one on a line");
            // A replica's own token file may name the role before the token.
            if (token.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is ["read" or "order", var bare])
            {
                token = bare;
            }

            return token.All(c => c is > ' ' and < '\x7F')
                ? token
                : throw new UsageException($"{source}: the token in {file} holds other characters than printable ASCII");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{source}: {file} cannot be read: {e.Message}");
        }
    }
}
