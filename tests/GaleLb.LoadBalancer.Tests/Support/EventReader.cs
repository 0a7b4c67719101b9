using System.Text.Json;

namespace GaleLb.LoadBalancer.Tests.Support;

/// <summary>One message of a stream as its reader sees it; a comment has the name ":".</summary>
internal sealed record SentEvent(string Name, string? Id, string Data)
{
    public JsonElement Json => JsonDocument.Parse(Data).RootElement;
}

/// <summary>Reads an open stream of server-sent events.</summary>
internal sealed class EventReader(HttpResponseMessage response) : IDisposable
{
    /// <summary>For a test that would wait in vain, on the busiest machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly StreamReader _lines = new(response.Content.ReadAsStream());

    public HttpResponseMessage Response => response;

    /// <summary>The next message; null at the stream's end. Comments are skipped unless asked for.</summary>
    public async Task<SentEvent?> NextAsync(bool comments = false)
    {
        string name = "";
        string? id = null, data = null;
        while (await _lines.ReadLineAsync().WaitAsync(Patience) is { } line)
        {
            if (line.Length == 0)
            {
                if (data is not null)
                    return new SentEvent(name, id, data);
                continue;
            }

            if (line[0] == ':' && comments)
                return new SentEvent(":", null, line[1..]);
            int colon = line.IndexOf(": ", StringComparison.Ordinal);
            switch (line[..Math.Max(0, colon)])
            {
                case "event":
                    name = line[(colon + 2)..];
                    break;
                case "id":
                    id = line[(colon + 2)..];
                    break;
                case "data":
                    data = line[(colon + 2)..];
                    break;
            }
        }

        return null;
    }

    public void Dispose()
    {
        _lines.Dispose();
        response.Dispose();
    }
}
