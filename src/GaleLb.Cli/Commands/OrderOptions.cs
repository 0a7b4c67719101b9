using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using GaleLb.Cli.Api;
using GaleLb.Cli.Output;
using GaleLb.Configuration;

namespace GaleLb.Cli.Commands;

/// <summary>The options that every order has, and the sending of one.</summary>
internal sealed class OrderOptions
{
    private readonly GalectlEnvironment _environment;
    private readonly Option<bool> _force = new("--force") { Description = "Do it even where a guard (min_routable, the last node) would refuse" };

    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Only show what would change, and change nothing" };

    private readonly Option<string?> _wait = new("--wait")
    {
        Description = "Wait until every reachable replica's kernel has it, for 5s unless told otherwise; fails when one has not",
        HelpName = "DURATION",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<ulong?> _ifMatch = new("--if-match")
    {
        Description = "Only if the resource was last changed at this index",
        HelpName = "INDEX",
    };

    private readonly Option<string?> _idempotencyKey = new("--idempotency-key")
    {
        Description = "Repeat an order under the key of its first attempt, so that it is carried out once",
        HelpName = "KEY",
    };

    public OrderOptions(GalectlEnvironment environment) => _environment = environment;

    /// <summary>Gives a command these options.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _force, _dryRun, _wait, _ifMatch, _idempotencyKey })
        {
            command.Options.Add(option);
        }
    }

    public bool IsForced(ParseResult parsed) => parsed.GetValue(_force);

    public bool IsDryRun(ParseResult parsed) => parsed.GetValue(_dryRun);

    /// <summary>Sends an order without a body and shows what became of it.</summary>
    public Task<int> SendAsync(ApiCall call, ParseResult parsed, HttpMethod method, string path, CancellationToken cancellation) =>
        SendAsync(call, parsed, new ApiRequest(method, path), cancellation);

    /// <summary>Sends an order and shows what became of it.</summary>
    public Task<int> SendAsync<T>(
        ApiCall call, ParseResult parsed, HttpMethod method, string path, T body, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        SendAsync(call, parsed, new ApiRequest(method, path) { Body = JsonSerializer.SerializeToUtf8Bytes(body, type) }, cancellation);

    /// <summary>Sends an order that already names the index it expects, unless the command line names another.</summary>
    public async Task<int> SendAsync(ApiCall call, ParseResult parsed, ApiRequest request, CancellationToken cancellation)
    {
        TimeSpan? wait = Wait(parsed);
        bool isDryRun = IsDryRun(parsed);
        string[] query =
        [
            .. isDryRun ? ["dry_run=true"] : Array.Empty<string>(),
            .. IsForced(parsed) ? ["force=true"] : Array.Empty<string>(),
            .. wait is { } time ? [$"wait=applied&timeout={DurationText.Format(time)}"] : Array.Empty<string>(),
        ];
        byte[] body = await call.Api.SendAsync(
            request with
            {
                Path = query.Length == 0 ? request.Path : $"{request.Path}?{string.Join('&', query)}",
                IfMatch = parsed.GetValue(_ifMatch)?.ToString(CultureInfo.InvariantCulture) ?? request.IfMatch,
                IdempotencyKey = parsed.GetValue(_idempotencyKey) ?? _environment.NewKey(),
                ExtraTime = wait ?? TimeSpan.Zero,
            },
            cancellation);
        OrderDocument answer = ApiClient.Parse(body, CliJson.Default.OrderDocument);
        if (isDryRun)
        {
            return ShowDryRun(call, body, answer);
        }

        if (call.IsJson)
        {
            call.WriteJson(body);
        }
        else
        {
            Write(answer, call.Output);
        }

        if (wait is not null && answer.Missing is null)
        {
            throw new ApiException($"the order is committed at index {answer.Index}, but this gale-lb does not tell where it is applied");
        }

        return wait is not null && answer.Missing is { Count: > 0 } ? ExitCode.Failed : ExitCode.Fine;
    }

    private static int ShowDryRun(ApiCall call, byte[] body, OrderDocument answer)
    {
        DryRunDocument preview = ApiClient.Parse(body, CliJson.Default.DryRunDocument);
        if (!preview.DryRun)
        {
            throw new ApiException($"this gale-lb knows no dry run: it carried the order out at index {answer.Index}");
        }

        if (call.IsJson)
        {
            call.WriteJson(body);
            return ExitCode.Fine;
        }

        string detail = preview.Detail is { Length: > 0 } text ? $": {text}" : "";
        call.Output.WriteLine($"it would be carried out{detail}");
        foreach (ImpactDocument impact in preview.Services)
        {
            call.Output.WriteLine(impact.Summary);
        }

        return ExitCode.Fine;
    }

    private TimeSpan? Wait(ParseResult parsed)
    {
        if (parsed.GetResult(_wait) is null)
        {
            return null;
        }

        string text = parsed.GetValue(_wait) ?? "5s";
        return DurationText.TryParse(text, out TimeSpan wait) && wait > TimeSpan.Zero && wait <= TimeSpan.FromHours(1)
            ? wait
            : throw new UsageException($"--wait: \"{text}\" is not a time to wait; expected {DurationText.Expected}");
    }

    private static void Write(OrderDocument answer, TextOutput output)
    {
        string detail = answer.Detail is { Length: > 0 } text ? $": {text}" : "";
        output.WriteLine($"{Quantity.OrDash(answer.Outcome)} at index {answer.Index}{detail}");
        if (answer.AppliedOn is { Count: > 0 } applied)
        {
            output.WriteLine($"applied on {string.Join(", ", applied)}", Tone.Good);
        }

        if (answer.Missing is { Count: > 0 } missing)
        {
            output.WriteLine($"not yet applied on {string.Join(", ", missing)}", Tone.Bad);
        }
    }
}
