using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using GaleLb.Configuration;

namespace GaleLb.Cli.Api;

/// <summary>One request. Paths are relative to <c>/api/v1/</c>, with parts already escaped.</summary>
internal sealed record ApiRequest(HttpMethod Method, string Path)
{
    public ReadOnlyMemory<byte>? Body { get; init; }
    public string ContentType { get; init; } = "application/json";
    public string? IfMatch { get; init; }

    /// <summary>Set for orders: makes it harmless that a second replica is asked when the first fell silent.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Time the replica itself may take before it answers, on top of the usual.</summary>
    public TimeSpan ExtraTime { get; init; }
}

/// <summary>Talks to whichever replica answers, in the order given.</summary>
internal sealed class ApiClient : IDisposable
{
    /// <summary>A replica sends a comment every 5 s where it has nothing to tell: a stream silent for longer is dead.</summary>
    private static readonly TimeSpan SilenceMin = TimeSpan.FromSeconds(15);

    private readonly IReadOnlyList<Uri> _addresses;
    private readonly TimeSpan _timeout;
    private readonly HttpClient _http;

    public ApiClient(IReadOnlyList<Uri> addresses, TimeSpan timeout, string? token, SslClientAuthenticationOptions tls)
    {
        _addresses = addresses;
        _timeout = timeout;

        // Replicas are on a private network; a proxy of the environment does not lead there.
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, SslOptions = tls })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (token is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    /// <summary>Reads a document, as its bytes.</summary>
    /// <exception cref="ApiException">It was refused, or no replica answered.</exception>
    public Task<byte[]> GetAsync(string path, CancellationToken cancellation) => SendAsync(new ApiRequest(HttpMethod.Get, path), cancellation);

    /// <exception cref="ApiException">It was refused, or no replica answered.</exception>
    public async Task<byte[]> SendAsync(ApiRequest request, CancellationToken cancellation)
    {
        StringBuilder failures = new();
        bool mayHaveArrived = false;
        foreach (Uri address in _addresses)
        {
            string? failure;
            using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            deadline.CancelAfter(_timeout + request.ExtraTime);
            try
            {
                using HttpRequestMessage message = Message(request, address);
                using HttpResponseMessage response = await _http.SendAsync(message, deadline.Token);
                byte[] body = await response.Content.ReadAsByteArrayAsync(deadline.Token);
                if (response.IsSuccessStatusCode)
                {
                    return body;
                }

                if (response.StatusCode is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout))
                {
                    throw new ApiException(Refusal(response, body));
                }

                failure = Refusal(response, body);
                mayHaveArrived = true;
            }
            catch (HttpRequestException e)
            {
                failure = Reason(e, address);
                mayHaveArrived |= e.HttpRequestError is HttpRequestError.ResponseEnded or HttpRequestError.InvalidResponse;
            }
            catch (IOException e)
            {
                failure = $"the connection broke: {e.Message}";
                mayHaveArrived = true;
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                failure = $"no answer within {DurationText.Format(_timeout + request.ExtraTime)}";
                mayHaveArrived = true;
            }

            failures.Append("\n  ").Append(Name(address)).Append(": ").Append(failure);
        }

        string hint = _addresses.Count == 1 ? $"\nOther replicas can be named by further --api URL or in {ApiAddresses.Variable}." : "";
        string doubt = mayHaveArrived && request.IdempotencyKey is { } key
            ? $"\nThe order may have been carried out all the same. To repeat it without doing it twice: --idempotency-key {key}"
            : "";
        throw new ApiException($"no replica could answer{failures}{hint}{doubt}");
    }

    /// <summary>The replicas' addresses in the order given.</summary>
    public IReadOnlyList<Uri> Addresses => _addresses;

    /// <summary>Follows one replica's stream and returns why it ended.</summary>
    /// <exception cref="ApiException">It was refused, as every replica would.</exception>
    public async Task<string> StreamAsync(Uri address, string path, Action<ServerEvent> told, CancellationToken cancellation)
    {
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(_timeout);
        try
        {
            using HttpRequestMessage message = Message(new ApiRequest(HttpMethod.Get, path), address);
            using HttpResponseMessage response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
            if (!response.IsSuccessStatusCode)
            {
                string refusal = Refusal(response, await response.Content.ReadAsByteArrayAsync(deadline.Token));
                return response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests
                    ? refusal
                    : throw new ApiException(refusal);
            }

            if (response.Content.Headers.ContentType?.MediaType != ServerEvent.MediaType)
            {
                throw new ApiException("this gale-lb does not stream what changes");
            }

            TimeSpan silence = _timeout > SilenceMin ? _timeout : SilenceMin;
            using StreamReader lines = new(await response.Content.ReadAsStreamAsync(deadline.Token));
            await ServerEvent.ReadAllAsync(
                () =>
                {
                    deadline.CancelAfter(silence);
                    return lines.ReadLineAsync(deadline.Token);
                },
                told);
            return "the stream ended";
        }
        catch (HttpRequestException e)
        {
            return Reason(e, address);
        }
        catch (IOException e)
        {
            return $"the connection broke: {e.Message}";
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"nothing came for {DurationText.Format(_timeout > SilenceMin ? _timeout : SilenceMin)}";
        }
    }

    /// <summary>What a problem document says, in words.</summary>
    public static string Words(ProblemDocument problem, string title)
    {
        string field = problem.Field is { Length: > 0 } name ? $" ({name})" : "";
        string detail = problem.Detail is { Length: > 0 } text ? $": {text}" : "";
        return $"{(problem.Title is { Length: > 0 } given ? given : title)}{field}{detail}";
    }

    /// <summary>Reads an answer's document.</summary>
    /// <exception cref="ApiException">It is not what this API answers.</exception>
    public static T Parse<T>(byte[] body, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(body, type) ?? throw new ApiException("the answer is null; expected a JSON object of gale-lb's API");
        }
        catch (JsonException e)
        {
            throw new ApiException($"the answer is not what gale-lb's API sends ({e.Path}, line {e.LineNumber + 1}): {Shown(body)}");
        }
    }

    public void Dispose() => _http.Dispose();

    private static HttpRequestMessage Message(ApiRequest request, Uri address)
    {
        HttpRequestMessage message = new(request.Method, new Uri(address, "/api/v1/" + request.Path));
        if (request.Body is { } body)
        {
            message.Content = new ReadOnlyMemoryContent(body);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue(request.ContentType);
        }

        if (request.IfMatch is { } index)
        {
            message.Headers.IfMatch.Add(new EntityTagHeaderValue($"\"{index}\""));
        }

        if (request.IdempotencyKey is { } key)
        {
            message.Headers.Add("Idempotency-Key", key);
        }

        return message;
    }

    /// <summary>What a replica's refusal says, in words.</summary>
    private static string Refusal(HttpResponseMessage response, byte[] body)
    {
        string status = $"{(int)response.StatusCode} {response.ReasonPhrase}".TrimEnd();
        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json")
        {
            // Whatever gale-lb refuses it explains; a bare 404 or 405 means that this version has no such call.
            string unknown = response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed
                ? $" (this gale-lb does not know {response.RequestMessage?.Method} {response.RequestMessage?.RequestUri?.AbsolutePath})"
                : "";
            return body.Length == 0 ? $"answered {status}{unknown}" : $"answered {status}{unknown}: {Shown(body)}";
        }

        return Words(Parse(body, CliJson.Default.ProblemDocument), status);
    }

    private static string Reason(HttpRequestException e, Uri address) => e switch
    {
        { HttpRequestError: HttpRequestError.NameResolutionError } => "no such host",
        { InnerException: SocketException socket } => socket.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => "connection refused (is gale-lb running there, and is this its api_port?)",
            SocketError.HostUnreachable or SocketError.NetworkUnreachable => "no route to it",
            SocketError.TimedOut => "no answer",
            _ => socket.Message,
        },
        { HttpRequestError: HttpRequestError.SecureConnectionError } => $"TLS failed: {e.InnerException?.Message ?? e.Message}",
        { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ResponseEnded } => "what answers there does not speak HTTP, or hung up"
            + (address.Scheme == Uri.UriSchemeHttps
                ? "; it may not accept the certificate of --cert"
                : "; where gale-lb has certificates it expects https:// but on loopback"),
        _ => e.Message,
    };

    private static string Name(Uri address) => address.GetLeftPart(UriPartial.Authority);

    private static string Shown(byte[] body)
    {
        const int shownMax = 200;
        string text = Encoding.UTF8.GetString(body, 0, Math.Min(body.Length, shownMax)).ReplaceLineEndings(" ").Trim();
        return body.Length > shownMax ? text + "…" : text;
    }
}
