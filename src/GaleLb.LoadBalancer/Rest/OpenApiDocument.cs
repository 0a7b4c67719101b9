namespace GaleLb.LoadBalancer.Rest;

/// <summary>The description of the REST API (OpenAPI 3.1), as the file openapi.json beside this one; tests hold it to the routes.</summary>
internal static class OpenApiDocument
{
    private const string Resource = "GaleLb.LoadBalancer.Rest.openapi.json";

    public static Stream Open() =>
        typeof(OpenApiDocument).Assembly.GetManifestResourceStream(Resource)
        ?? throw new InvalidOperationException($"{Resource} is not part of this build.");

    public static IResult Serve() => Results.Stream(Open(), "application/json");
}
