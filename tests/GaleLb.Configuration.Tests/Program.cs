using System.Text.Encodings.Web;
using System.Text.Json;
using GaleLb.Configuration.Tests.Toml;
using GaleLb.Configuration.Toml;

// The public suite's decoder protocol: a document on standard input, tagged JSON on standard output, or a refusal and exit 1.
if (args is not ([] or ["1.0"] or ["1.1"]))
{
    await Console.Error.WriteLineAsync("usage: GaleLb.Configuration.Tests [1.0|1.1] < document");
    return 2;
}

TomlVersion version = args is ["1.0"] ? TomlVersion.V10 : TomlVersion.V11;
using MemoryStream document = new();
await Console.OpenStandardInput().CopyToAsync(document);
try
{
    TomlTable table = TomlReader.Read(document.ToArray(), version);
    JsonSerializerOptions indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    Console.WriteLine(TaggedJson.Encode(table).ToJsonString(indented));
    return 0;
}
catch (TomlException refusal)
{
    await Console.Error.WriteLineAsync(refusal.Message);
    return 1;
}
