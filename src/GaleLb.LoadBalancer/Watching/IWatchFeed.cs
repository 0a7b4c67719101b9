using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using GaleLb.Raft;

namespace GaleLb.LoadBalancer.Watching;

/// <summary>What one stream is to be told, as far as it has not been. Asked by one task at a time; disposed of when the stream ends.</summary>
internal interface IWatchFeed : IDisposable
{
    /// <summary>How often there may be something new, where no entry of the log brings it; null where one does.</summary>
    TimeSpan? Pace => null;

    void IDisposable.Dispose()
    {
    }

    /// <summary>The messages that are due now, perhaps none. One counts as told once the next is asked for.</summary>
    IEnumerable<WatchMessage> Next();
}

/// <summary>One server-sent event (HTML Living Standard, 9.2).</summary>
/// <param name="Id">The applied index that it tells of: what a resumed stream names as Last-Event-ID. Null leaves the last one.</param>
/// <param name="EndsStream">Nothing can follow it.</param>
internal readonly record struct WatchMessage(string Name, LogIndex? Id, string Json, bool EndsStream = false)
{
    public static WatchMessage Of<T>(string name, LogIndex? id, T document, JsonTypeInfo<T> type, bool endsStream = false) =>
        new(name, id, JsonSerializer.Serialize(document, type), endsStream);

    /// <summary>The documents' JSON is on one line, so that one field of data holds it.</summary>
    public byte[] Encode() => Encoding.UTF8.GetBytes(Id is { } id ? $"event: {Name}\nid: {id}\ndata: {Json}\n\n" : $"event: {Name}\ndata: {Json}\n\n");
}
