using System.CommandLine;
using System.Text.Json;
using GaleLb.Cli.Api;
using GaleLb.Cli.Output;

namespace GaleLb.Cli.Commands;

/// <summary><c>galectl events [-f]</c>: what changed, by whom and why.</summary>
internal static class EventsCommand
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    public static Command Create(GlobalOptions globals)
    {
        Option<ulong> after = new("--after") { Description = "Only what changed after this index", HelpName = "INDEX", DefaultValueFactory = _ => 0 };
        Option<bool> follow = new("--follow", "-f") { Description = "Go on with what changes from now on" };
        Command command = new("events", "Show what changed: index, time, subject, cause") { after, follow };
        globals.Handle(command, async (call, parsed, cancellation) =>
        {
            ulong seen = await ShowAsync(call, parsed.GetValue(after), cancellation);
            while (parsed.GetValue(follow))
            {
                call.Output.Flush();
                try
                {
                    await globals.Environment.Delay(PollInterval, cancellation);
                    seen = await ShowAsync(call, seen, cancellation);
                }
                catch (ApiException e)
                {
                    // Following outlasts a cluster that is away for a while; the index says where to go on.
                    call.Error.WriteLine($"galectl: {e.Message}");
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        });
        return command;
    }

    /// <summary>Shows what came after an index, and returns the last index shown.</summary>
    private static async Task<ulong> ShowAsync(ApiCall call, ulong after, CancellationToken cancellation)
    {
        byte[] body = await call.Api.GetAsync($"events?after={after}", cancellation);
        EventsDocument document = ApiClient.Parse(body, CliJson.Default.EventsDocument);
        if (call.IsJson)
        {
            using JsonDocument json = JsonDocument.Parse(body);
            foreach (JsonElement change in json.RootElement.GetProperty("events").EnumerateArray())
            {
                call.Output.WriteLine(change.GetRawText().ReplaceLineEndings(" "));
            }
        }
        else
        {
            foreach (EventDocument e in document.Events)
            {
                Write(e, call);
            }
        }

        return document.Events.Count == 0 ? after : document.Events.Max(e => e.Index);
    }

    private static void Write(EventDocument e, ApiCall call)
    {
        TextOutput output = call.Output;
        output.Write($"{Quantity.Time(e.Time)}  {e.Index,8}  ", Tone.Faint);
        output.Write($"{e.Kind,-24} {e.Subject,-20} ");
        output.Write(e.Cause);
        output.WriteLine(call.IsWide && e.Origin.Length > 0 ? $"  [{e.Origin}]" : "", Tone.Faint);
    }
}
