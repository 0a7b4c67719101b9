using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using GaleLb.Cli.Api;
using GaleLb.Cli.Output;

namespace GaleLb.Cli.Commands;

/// <summary>What a command has at hand: the API, and where and how to show its answers.</summary>
internal sealed class ApiCall
{
    private static readonly JsonWriterOptions Indented = new()
    {
        Indented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public ApiCall(ApiClient api, OutputFormat format, TextOutput output, TextOutput error)
    {
        Api = api;
        Format = format;
        Output = output;
        Error = error;
    }

    public ApiClient Api { get; }
    public OutputFormat Format { get; }
    public TextOutput Output { get; }
    public TextOutput Error { get; }
    public bool IsWide => Format == OutputFormat.Wide;
    public bool IsJson => Format == OutputFormat.Json;

    /// <summary>Reads a document and shows it: as it came, or by a view.</summary>
    public async Task ShowAsync<T>(string path, JsonTypeInfo<T> type, Action<T> view, CancellationToken cancellation)
        where T : class
    {
        byte[] body = await Api.GetAsync(path, cancellation);
        if (IsJson)
        {
            WriteJson(body);
        }
        else
        {
            view(ApiClient.Parse(body, type));
        }
    }

    /// <summary>Writes an answer as it came, indented; nothing of it is lost to what this version knows.</summary>
    public void WriteJson(byte[] body, bool isIndented = true)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            using MemoryStream text = new();
            using (Utf8JsonWriter writer = new(text, isIndented ? Indented : Indented with { Indented = false }))
            {
                document.WriteTo(writer);
            }

            Output.WriteLine(Encoding.UTF8.GetString(text.ToArray()));
        }
        catch (JsonException e)
        {
            throw new ApiException($"the answer is not JSON: {e.Message}");
        }
    }
}
