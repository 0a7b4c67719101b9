using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace GaleLb.Cli.Output;

/// <summary>Where and how a command shows what it has to say.</summary>
internal sealed record Display(OutputFormat Format, TextOutput Output, TextOutput Error)
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a JSON text as it is, indented or on one line.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public void WriteJson(byte[] json, bool isIndented = true)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        using MemoryStream text = new();
        using (Utf8JsonWriter writer = new(text, isIndented ? Indented : Indented with { Indented = false }))
        {
            document.WriteTo(writer);
        }

        Output.WriteLine(Encoding.UTF8.GetString(text.ToArray()));
    }
}
