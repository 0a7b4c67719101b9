using System.Runtime.CompilerServices;
using System.Text.Json;
using GaleLb.LoadBalancer.Tests.Support;

namespace GaleLb.LoadBalancer.Tests.Rest;

/// <summary>What a running replica serves as its description.</summary>
public sealed class OpenApiServedTests
{
    [Fact]
    public async Task Get_OpenApi_IsTheFileOfTheRepositoryByteForByte()
    {
        (byte[] served, string? type) = await ServedAsync();

        type.Should().Be("application/json");
        served.Should().Equal(await File.ReadAllBytesAsync(Source()));
    }

    [Fact]
    public async Task Get_OpenApi_IsValidAndEachReferenceResolves()
    {
        (byte[] served, _) = await ServedAsync();
        using JsonDocument document = JsonDocument.Parse(served);
        JsonElement root = document.RootElement;

        root.GetProperty("openapi").GetString().Should().StartWith("3.1");
        root.GetProperty("info").GetProperty("title").GetString().Should().NotBeEmpty();
        root.GetProperty("info").GetProperty("version").GetString().Should().NotBeEmpty();
        foreach (JsonProperty operation in root.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject()))
            operation.Value.GetProperty("responses").EnumerateObject().Should().NotBeEmpty("{0} is answered somehow", operation.Value);
        string[] references = [.. References(root)];
        references.Should().NotBeEmpty().And.AllSatisfy(reference => Resolves(root, reference).Should().BeTrue("{0} is a part of the document", reference));
    }

    private static async Task<(byte[] Body, string? Type)> ServedAsync()
    {
        await using ApiHarness api = await ApiHarness.StartAsync();
        using HttpClient http = new(new SocketsHttpHandler { UseProxy = false });
        using HttpResponseMessage response = await http.GetAsync(new Uri(api.Address, "/openapi/v1.json"));
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadAsByteArrayAsync(), response.Content.Headers.ContentType?.MediaType);
    }

    private static IEnumerable<string> References(JsonElement at) => at.ValueKind switch
    {
        JsonValueKind.Object => at.EnumerateObject().SelectMany(p => p.Name == "$ref" && p.Value.ValueKind == JsonValueKind.String
            ? [p.Value.GetString()!] : References(p.Value)),
        JsonValueKind.Array => at.EnumerateArray().SelectMany(References),
        _ => [],
    };

    /// <summary>RFC 6901, within the document.</summary>
    private static bool Resolves(JsonElement root, string reference)
    {
        if (!reference.StartsWith("#/", StringComparison.Ordinal))
            return false;
        JsonElement at = root;
        foreach (string step in reference[2..].Split('/'))
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(Uri.UnescapeDataString(step).Replace("~1", "/").Replace("~0", "~"), out at))
                return false;
        return true;
    }

    private static string Source([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../src/GaleLb.LoadBalancer/Rest/openapi.json"));
}
