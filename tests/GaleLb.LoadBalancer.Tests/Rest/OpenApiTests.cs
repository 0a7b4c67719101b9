using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using GaleLb.LoadBalancer.Rest;
using GaleLb.State.Commands;

namespace GaleLb.LoadBalancer.Tests.Rest;

/// <summary>openapi.json says what the API does: neither a call nor a field more or less.</summary>
public sealed partial class OpenApiTests
{
    [Fact]
    public void Paths_AreTheRoutes()
    {
        using JsonDocument document = Document();
        IEnumerable<string> described = document.RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => $"{operation.Name} {path.Name}"));

        string[] routes = [.. Directory.EnumerateFiles(SourceDirectory(), "*.cs")
            .SelectMany(file => Route().Matches(File.ReadAllText(file)))
            .Select(match => $"{match.Groups["verb"].Value.ToLowerInvariant()} {match.Groups["path"].Value.Replace("{**", "{", StringComparison.Ordinal)}")];

        routes.Should().HaveCountGreaterThan(20);
        described.Should().BeEquivalentTo(routes);
    }

    [Fact]
    public void Schemas_HaveTheFieldsOfTheDocuments()
    {
        using JsonDocument document = Document();

        foreach (JsonProperty schema in document.RootElement.GetProperty("components").GetProperty("schemas").EnumerateObject())
        {
            Type type = typeof(RestJson).Assembly.GetTypes().Single(t => t.Name == schema.Name + "Document" || t.Name == schema.Name && t.Name.EndsWith("Request", StringComparison.Ordinal));
            JsonTypeInfo? fields = RestJson.Default.GetTypeInfo(type);

            fields.Should().NotBeNull($"{type.Name} is an answer or a request");
            schema.Value.GetProperty("properties").EnumerateObject().Select(p => p.Name)
                .Should().BeEquivalentTo(fields!.Properties.Select(p => p.Name), $"these are the fields of {type.Name}");
        }
    }

    [Fact]
    public void Orders_TakeTheTermsThatAreRead()
    {
        using JsonDocument document = Document();
        JsonElement[] orders = [.. document.RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject()).Where(operation => operation.Name != "get").Select(operation => operation.Value)];

        orders.Should().HaveCountGreaterThan(10).And.AllSatisfy(order => order.GetProperty("parameters").EnumerateArray()
            .Where(parameter => parameter.TryGetProperty("$ref", out _))
            .Select(parameter => parameter.GetProperty("$ref").GetString()!.Split('/')[^1])
            .Except(["If-Match", "Idempotency-Key"], StringComparer.Ordinal)
            .Should().BeEquivalentTo(OrderTerms.Known));
        document.RootElement.GetProperty("components").GetProperty("parameters").GetProperty("Idempotency-Key").GetProperty("schema")
            .GetProperty("maxLength").GetInt32().Should().Be(CommandEnvelope.IdempotencyKeyMax);
    }

    [Fact]
    public void References_LeadSomewhere()
    {
        using JsonDocument document = Document();

        MatchCollection references = Reference().Matches(document.RootElement.GetRawText());

        references.Should().NotBeEmpty();
        foreach (Match reference in references)
        {
            JsonElement at = document.RootElement;
            foreach (string step in reference.Groups["path"].Value.Split('/'))
                at.TryGetProperty(step, out at).Should().BeTrue($"{reference.Value} is a part of the document");
        }
    }

    private static JsonDocument Document() => JsonDocument.Parse(OpenApiDocument.Open());

    private static string SourceDirectory([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../src/GaleLb.LoadBalancer/Rest"));

    [GeneratedRegex("""Map(?<verb>Get|Post|Put|Delete)\(\s*"(?<path>/[^"]+)""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Route();

    [GeneratedRegex(@"""\$ref"":\s*""#/(?<path>[^""]+)""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Reference();
}
