using System.CommandLine;
using GaleLb.Cli.Api;
using GaleLb.Cli.Output;
using GaleLb.Configuration;

namespace GaleLb.Cli.Commands;

/// <summary><c>galectl config</c>: the settings that the replicas share, and changing them file by file.</summary>
internal static class ConfigCommand
{
    public static Command Create(GlobalOptions globals)
    {
        Option<bool> local = LocalRead.Option();
        Command command = new("config", "Show the cluster's settings and whose files say so, or change them") { local };
        globals.Handle(command, (call, parsed, cancellation) => call.ShowAsync(
            $"config{LocalRead.Query(parsed.GetValue(local))}", CliJson.Default.ConfigDocument, document => Write(document, call), cancellation));
        command.Subcommands.Add(Stage(globals));
        command.Subcommands.Add(Unstage(globals));
        return command;
    }

    private static Command Stage(GlobalOptions globals)
    {
        Argument<FileInfo> file = new("FILE") { Description = "gale-lb's next configuration file" };
        OrderOptions order = new(globals.Environment);
        Command command = new("stage", "Announce the next file: once all replicas run by it, it is the cluster's") { file };
        order.AddTo(command);
        globals.Handle(command, (call, parsed, cancellation) =>
        {
            string path = parsed.GetRequiredValue(file).ToString();
            ApiRequest request = new(HttpMethod.Put, "config/staged") { Body = Read(path), ContentType = "application/toml" };
            return order.SendAsync(call, parsed, request, cancellation);
        });
        return command;
    }

    private static Command Unstage(GlobalOptions globals)
    {
        OrderOptions order = new(globals.Environment);
        Command command = new("unstage", "Withdraw what was staged");
        order.AddTo(command);
        globals.Handle(command, (call, parsed, cancellation) => order.SendAsync(call, parsed, HttpMethod.Delete, "config/staged", cancellation));
        return command;
    }

    /// <summary>The file's bytes, judged here first: its errors are then told with the file's own name.</summary>
    private static byte[] Read(string path)
    {
        if (ConfigurationFile.LoadLoadBalancer(path) is { Errors: { IsEmpty: false } errors })
        {
            throw new UsageException(string.Join('\n', errors));
        }

        return File.ReadAllBytes(path);
    }

    private static void Write(ConfigDocument config, ApiCall call)
    {
        TextTable settings = new("KEY", "VALUE", "STAGED");
        Dictionary<string, string?> staged = config.Staged?.Differences.ToDictionary(d => d.Key, d => d.Staged, StringComparer.Ordinal) ?? [];
        foreach (string key in config.Settings.Keys.Union(staged.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            string next = staged.TryGetValue(key, out string? value) ? value ?? "(removed)" : "";
            settings.Add(key, config.Settings.GetValueOrDefault(key, ""), new Cell(next, Tone.Attention));
        }

        settings.Write(call.Output);
        call.Output.WriteLine();
        TextTable replicas = new("REPLICA", "ITS FILE IS", "DIGEST");
        foreach (ConfigurationGroupDocument group in config.Replicas)
        {
            foreach (string replica in group.Replicas)
            {
                replicas.Add(replica, new Cell(group.Is, group.Is == "other" ? Tone.Bad : Tone.Good), group.Digest[..Math.Min(12, group.Digest.Length)]);
            }
        }

        replicas.Write(call.Output);
        if (config.Staged is { Index: var index })
        {
            call.Output.WriteLine($"staged at index {index}: in force once every voter's file says so");
        }

        if (config.Refusal is { } refusal)
        {
            call.Output.WriteLine(refusal, Tone.Bad);
        }
    }
}
