using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using GaleLb.Cli.Api;
using GaleLb.Cli.Output;

namespace GaleLb.Cli.Commands;

/// <summary>What a command has at hand: the API, and where and how to show its answers.</summary>
internal sealed class ApiCall
{
    private readonly Display _display;

    public ApiCall(ApiClient api, Display display)
    {
        Api = api;
        _display = display;
    }

    public ApiClient Api { get; }
    public OutputFormat Format => _display.Format;
    public TextOutput Output => _display.Output;
    public TextOutput Error => _display.Error;
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
            _display.WriteJson(body, isIndented);
        }
        catch (JsonException e)
        {
            throw new ApiException($"the answer is not JSON: {e.Message}");
        }
    }
}
