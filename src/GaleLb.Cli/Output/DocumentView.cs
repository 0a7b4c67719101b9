using System.Text.Json;

namespace GaleLb.Cli.Output;

/// <summary>Shows a document of any shape: its fields as lines, lists of objects as tables.</summary>
internal static class DocumentView
{
    public static void Write(JsonElement element, TextOutput output, int indent = 0)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    WriteField(property, output, indent);
                }

                break;
            case JsonValueKind.Array when IsTable(element):
                WriteTable(element, output);
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in element.EnumerateArray())
                {
                    output.WriteLine(new string(' ', indent) + Text(item));
                }

                break;
            default:
                output.WriteLine(new string(' ', indent) + Text(element));
                break;
        }
    }

    private static void WriteField(JsonProperty property, TextOutput output, int indent)
    {
        const int indentStep = 2;
        string name = new string(' ', indent) + property.Name.Replace('_', ' ');
        if (property.Value.ValueKind == JsonValueKind.Null)
        {
            return;
        }

        if (property.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array && property.Value.GetRawText().Length > indentStep)
        {
            output.WriteLine(name, Tone.Faint);
            Write(property.Value, output, indent + indentStep);
            return;
        }

        output.Write($"{name,-20} ", Tone.Faint);
        output.WriteLine(Text(property.Value));
    }

    private static bool IsTable(JsonElement array) =>
        array.GetArrayLength() > 0 && array.EnumerateArray().All(i => i.ValueKind == JsonValueKind.Object);

    private static void WriteTable(JsonElement array, TextOutput output)
    {
        string[] names = [.. array.EnumerateArray().SelectMany(i => i.EnumerateObject()).Select(p => p.Name).Distinct(StringComparer.Ordinal)];
        TextTable table = new([.. names.Select(n => n.Replace('_', ' ').ToUpperInvariant())]);
        foreach (JsonElement item in array.EnumerateArray())
        {
            table.Add([.. names.Select(n => new Cell(item.TryGetProperty(n, out JsonElement value) ? Text(value) : "-"))]);
        }

        table.Write(output);
    }

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!.ReplaceLineEndings(" "),
        JsonValueKind.Null => "-",
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        JsonValueKind.Array => string.Join(",", value.EnumerateArray().Select(Text)),
        _ => value.GetRawText().ReplaceLineEndings(" "),
    };
}
