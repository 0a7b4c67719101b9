using System.Net;
using System.Security.Cryptography;
using System.Text;
using GaleLb.LoadBalancer.Hosting;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>
/// Who may call the REST API: with a token file everybody who shows the token; without one anybody on the private side may
/// read, and only loopback may change.
/// </summary>
internal sealed class ApiAccess(string? token, string? tokenFile)
{
    private readonly byte[]? _token = token is null ? null : Encoding.UTF8.GetBytes(token);

    /// <summary>Null when the call may go on.</summary>
    public Problem? Refuse(HttpRequest request)
    {
        if (IsProbe(request.Path))
            return null;
        bool reads = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        if (_token is not null)
        {
            if (ShowsToken(request, _token))
                return null;
            return new Problem(
                StatusCodes.Status401Unauthorized, "Token expected",
                $"This API expects the header \"Authorization: Bearer TOKEN\" with the token of {tokenFile}.");
        }
        IPAddress? caller = CallerAddress.Normalize(request.HttpContext.Connection.RemoteIpAddress);
        return reads || CallerAddress.IsLoopback(caller)
            ? null
            : new Problem(
                StatusCodes.Status403Forbidden, "Changes from loopback only",
                $"{request.Method} from {caller}: without [security] api_token_file changing calls are taken from loopback only.");
    }

    // What load balancers and monitors ask of every replica says nothing that needs a token.
    private static bool IsProbe(PathString path) => path == "/healthz" || path == "/readyz";

    private static bool ShowsToken(HttpRequest request, byte[] expected)
    {
        const string scheme = "Bearer ";
        string header = request.Headers.Authorization.ToString();
        return header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(header[scheme.Length..].Trim()), expected);
    }
}
