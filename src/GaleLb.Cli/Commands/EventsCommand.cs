using System.CommandLine;
using System.Text;
using System.Text.Json;
using GaleLb.Cli.Api;
using GaleLb.Cli.Output;

namespace GaleLb.Cli.Commands;

/// <summary><c>galectl events [-f]</c>: what changed, by whom and why.</summary>
internal static class EventsCommand
{
    public static Command Create(GlobalOptions globals)
    {
        Option<ulong> after = new("--after") { Description = "Only what changed after this index", HelpName = "INDEX", DefaultValueFactory = _ => 0 };
        Option<bool> follow = new("--follow", "-f") { Description = "Go on with what changes from now on, from replica to replica" };
        Command command = new("events", "Show what changed: index, time, subject, cause") { after, follow };
        globals.Handle(command, async (call, parsed, cancellation) =>
        {
            ulong index = parsed.GetValue(after);
            if (!parsed.GetValue(follow))
            {
                Show(await call.Api.GetAsync($"events?after={index}", cancellation), call);
                return;
            }

            // Following outlasts a cluster that is away for a while.
            StreamFollower follower = new(call.Api, globals.Environment.Delay, complaint => call.Error.WriteLine($"galectl: {complaint}"));
            try
            {
                await follower.FollowAsync("events", index, told => ShowNow(told, call), cancellation);
            }
            catch (OperationCanceledException)
            {
                // Ctrl-C is how following ends.
            }
        });
        return command;
    }

    private static void ShowNow(ServerEvent told, ApiCall call)
    {
        Show(Encoding.UTF8.GetBytes(told.Data), call);
        call.Output.Flush();
    }

    private static void Show(byte[] body, ApiCall call)
    {
        EventsDocument document = ApiClient.Parse(body, CliJson.Default.EventsDocument);
        if (!call.IsJson)
        {
            foreach (EventDocument e in document.Events)
            {
                Write(e, call);
            }

            return;
        }

        using JsonDocument json = JsonDocument.Parse(body);
        foreach (JsonElement change in json.RootElement.GetProperty("events").EnumerateArray())
        {
            call.Output.WriteLine(change.GetRawText().ReplaceLineEndings(" "));
        }
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
