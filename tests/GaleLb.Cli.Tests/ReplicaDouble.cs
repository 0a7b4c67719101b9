using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace GaleLb.Cli.Tests;

/// <summary>A request as the double received it.</summary>
internal sealed record ReceivedRequest(string Method, string PathAndQuery, string Body, string? IfMatch, string? IdempotencyKey, string? Authorization);

/// <summary>A replica's REST API on loopback that answers with recorded documents and remembers what it was asked.</summary>
internal sealed class ReplicaDouble : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly Dictionary<string, Queue<(int Status, string Body)>> _answers = new(StringComparer.Ordinal);
    private readonly List<ReceivedRequest> _received = [];
    private readonly Lock _guard = new();

    private ReplicaDouble(WebApplication server) => _server = server;

    /// <summary>Whose certificate the last caller showed; null: none.</summary>
    public string? Caller { get; private set; }

    public string Url => _server.Urls.Single();

    public IReadOnlyList<ReceivedRequest> Received
    {
        get
        {
            lock (_guard)
            {
                return [.. _received];
            }
        }
    }

    /// <summary>With a certificate it speaks https and looks at the caller's, whoever vouches for it.</summary>
    public static async Task<ReplicaDouble> StartAsync(X509Certificate2? certificate = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is null)
            {
                return;
            }

            listen.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificate = certificate,
                ClientCertificateMode = ClientCertificateMode.AllowCertificate,
                ClientCertificateValidation = (_, _, _) => true,
            });
        }));
        ReplicaDouble replica = new(builder.Build());
        replica._server.Run(replica.AnswerAsync);
        await replica._server.StartAsync();
        return replica;
    }

    /// <summary>Answers a request, as "GET /api/v1/status", the last of several answers again and again.</summary>
    public ReplicaDouble Answer(string request, string body, int status = 200)
    {
        if (!_answers.TryGetValue(request, out Queue<(int Status, string Body)>? queue))
        {
            _answers.Add(request, queue = new Queue<(int, string)>());
        }

        queue.Enqueue((status, body));
        return this;
    }

    /// <summary>Answers with a stream of messages, each a name, an id and its data, that then ends.</summary>
    public ReplicaDouble Stream(string request, params (string Name, ulong? Id, string Data)[] messages) => Answer(
        request,
        "retry: 1000\n\n: still here\n\n" + string.Concat(messages.Select(m => $"event: {m.Name}\n{(m.Id is { } id ? $"id: {id}\n" : "")}data: {m.Data}\n\n")));

    public ReplicaDouble Refuse(string request, int status, string title, string detail, string? field = null) =>
        Answer(request, $$"""{"type":"about:blank","title":"{{title}}","status":{{status}},"detail":"{{detail}}"{{(field is null ? "" : $",\"field\":\"{field}\"")}}}""", status);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        using StreamReader reader = new(request.Body);
        string pathAndQuery = request.Path.ToUriComponent() + request.QueryString;
        Caller = context.Connection.ClientCertificate?.Subject;
        string body = await reader.ReadToEndAsync();
        (int Status, string Body) answer = (404, "nothing recorded for this request");
        lock (_guard)
        {
            _received.Add(new ReceivedRequest(
                request.Method, pathAndQuery, body, Header(request, "If-Match"), Header(request, "Idempotency-Key"), Header(request, "Authorization")));
            if (_answers.TryGetValue($"{request.Method} {pathAndQuery}", out Queue<(int Status, string Body)>? queue))
            {
                answer = queue.Count > 1 ? queue.Dequeue() : queue.Peek();
            }
        }

        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = answer.Body.StartsWith("retry:", StringComparison.Ordinal) ? "text/event-stream"
            : answer.Status < 400 ? "application/json"
            : answer.Body.StartsWith('{') ? "application/problem+json" : "text/plain";
        await context.Response.WriteAsync(answer.Body);
    }

    private static string? Header(HttpRequest request, string name) =>
        request.Headers.TryGetValue(name, out Microsoft.Extensions.Primitives.StringValues values) ? values.ToString() : null;
}
