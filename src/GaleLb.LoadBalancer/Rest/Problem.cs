using System.Text.Json;
using GaleLb.Raft;
using GaleLb.State.Commands;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>A refused or failed request, answered as RFC 9457 problem+json.</summary>
internal sealed class Problem(
    int status, string title, string detail, string? field = null, TimeSpan? retryAfter = null, LogIndex? oldest = null) : IResult
{
    public int Status { get; } = status;

    public ProblemDocument Document { get; } = new("about:blank", title, status, detail, field, oldest?.Value);

    public static Problem NotFound(string what, string name) =>
        new(StatusCodes.Status404NotFound, "Not found", $"There is no {what} \"{name}\".");

    public static Problem Invalid(string field, string detail) =>
        new(StatusCodes.Status422UnprocessableEntity, "Invalid value", detail, field);

    public static Problem BadRequest(string detail, string? field = null) =>
        new(StatusCodes.Status400BadRequest, "Bad request", detail, field);

    public static Problem TooManyWatchers(int most) => new(
        StatusCodes.Status429TooManyRequests, "Too many watchers", $"This replica serves {most} streams at once; another replica may have room.",
        retryAfter: TimeSpan.FromSeconds(5));

    /// <summary>A log index that is yet to come.</summary>
    public static Problem NotYet(LogIndex index, LogIndex newest, string field) =>
        new(StatusCodes.Status404NotFound, "Not found", $"Index {index} is not applied here yet; the newest one is {newest}.", field);

    /// <summary>A log index of which nothing is kept any more.</summary>
    public static Problem Gone(LogIndex index, LogIndex oldest, string field) =>
        new(StatusCodes.Status410Gone, "Gone", $"Index {index} is not kept here any more; the oldest one is {oldest}.", field, oldest: oldest);

    public static Problem NoLeader(string detail) =>
        new(StatusCodes.Status503ServiceUnavailable, "No leader", detail, retryAfter: TimeSpan.FromSeconds(1));

    /// <summary>The state machine's refusal of an order.</summary>
    public static Problem Refused(CommandAnswer answer)
    {
        (int status, string title) = answer.Outcome switch
        {
            CommandOutcome.NotFound => (StatusCodes.Status404NotFound, "Not found"),
            CommandOutcome.Conflict => (StatusCodes.Status409Conflict, "Refused"),
            CommandOutcome.PreconditionFailed => (StatusCodes.Status412PreconditionFailed, "Changed meanwhile"),
            _ => (StatusCodes.Status422UnprocessableEntity, "Invalid value"),
        };
        return new Problem(status, title, answer.Message, answer.Field.Length > 0 ? answer.Field : null);
    }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        HttpResponse response = httpContext.Response;
        response.StatusCode = Status;
        if (retryAfter is { } wait)
            response.Headers.RetryAfter = ((int)wait.TotalSeconds).ToString();
        return response.WriteAsJsonAsync(
            Document, RestJson.Answers.ProblemDocument, "application/problem+json", httpContext.RequestAborted);
    }
}

/// <summary>Reads a body, or says what is wrong with it.</summary>
internal static class RequestBody
{
    public const int BytesMax = 64 << 10;

    /// <summary>The body as it came.</summary>
    public static async Task<(byte[]? Body, Problem? Problem)> ReadBytesAsync(HttpRequest request)
    {
        using MemoryStream body = new();
        byte[] buffer = new byte[4096];
        int length;
        while ((length = await request.Body.ReadAsync(buffer, request.HttpContext.RequestAborted)) > 0)
        {
            if (body.Length + length > BytesMax)
                return (null, TooLarge());
            body.Write(buffer, 0, length);
        }
        return (body.ToArray(), null);
    }

    private static Problem TooLarge() =>
        new(StatusCodes.Status413PayloadTooLarge, "Body too large", $"A request body has at most {BytesMax} bytes.");

    public static async Task<(T? Value, Problem? Problem)> ReadAsync<T>(
        HttpRequest request, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        if (request.ContentLength is > BytesMax)
            return (null, TooLarge());
        try
        {
            T? value = await JsonSerializer.DeserializeAsync(request.Body, type, request.HttpContext.RequestAborted);
            return value is null ? (null, Problem.BadRequest("The body is null; a JSON object was expected.")) : (value, null);
        }
        catch (JsonException error)
        {
            return (null, new Problem(
                StatusCodes.Status400BadRequest, "Malformed JSON",
                $"Line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}: {error.Message}", error.Path));
        }
    }
}
