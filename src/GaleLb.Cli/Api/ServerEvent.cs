namespace GaleLb.Cli.Api;

/// <summary>One message of a stream of server-sent events.</summary>
internal sealed record ServerEvent(string Name, string? Id, string Data)
{
    public const string MediaType = "text/event-stream";

    /// <summary>Reads messages until there are no more lines; what a broken stream left half-said is not told.</summary>
    public static async Task ReadAllAsync(Func<ValueTask<string?>> readLine, Action<ServerEvent> told)
    {
        string name = "";
        string? id = null, data = null;
        while (await readLine() is { } line)
        {
            if (line.Length == 0)
            {
                if (data is not null)
                {
                    told(new ServerEvent(name, id, data));
                }

                (name, id, data) = ("", null, null);
                continue;
            }

            int colon = line.IndexOf(':', StringComparison.Ordinal);
            string value = colon < 0 ? "" : line[(colon + 1)..].TrimStart(' ');
            switch (colon < 0 ? line : line[..colon])
            {
                case "event":
                    name = value;
                    break;
                case "id":
                    id = value;
                    break;
                case "data":
                    data = data is null ? value : data + "\n" + value;
                    break;
            }
        }
    }
}
