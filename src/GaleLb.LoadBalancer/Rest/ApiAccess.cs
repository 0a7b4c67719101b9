using System.Net;
using GaleLb.LoadBalancer.Hosting;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>
/// Who may call the REST API: with a token file who shows a token, as far as its role goes; a certificate of the authority
/// reads; without a token file loopback may change, and without certificates too anybody on the private side may read.
/// </summary>
/// <remarks>A certificate gives no orders, since each node has one (docs/decisions/0010).</remarks>
internal sealed class ApiAccess(ApiTokens? tokens, bool mutualTls, Refusals refusals)
{
    /// <summary>Null when the call may go on; otherwise it has been counted as refused.</summary>
    public Problem? Refuse(HttpRequest request)
    {
        if (IsProbe(request.Path))
            return null;
        IPAddress? caller = CallerAddress.Normalize(request.HttpContext.Connection.RemoteIpAddress);
        bool reads = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        return RoleOf(request, caller) switch
        {
            null => Refuse(caller, tokens is null ? RefusalReason.Certificate : RefusalReason.Token, StatusCodes.Status401Unauthorized, Expected()),
            ApiRole.Read when !reads => tokens is null
                ? Refuse(
                    caller, RefusalReason.Address, StatusCodes.Status403Forbidden,
                    ("Changes from loopback only",
                     $"{request.Method} from {caller}: without [security] api_token_file changing calls are taken from loopback only."))
                : Refuse(
                    caller, RefusalReason.Role, StatusCodes.Status403Forbidden,
                    ("This caller may only read", $"{request.Method} expects a token that {tokens.Path} gives the role order; the caller has the role read.")),
            _ => null,
        };
    }

    private ApiRole? RoleOf(HttpRequest request, IPAddress? caller)
    {
        bool certified = request.HttpContext.Connection.ClientCertificate is not null;
        if (tokens is not null)
        {
            // A wrong token is an error that a certificate beside it must not hide.
            string header = request.Headers.Authorization.ToString();
            return header.Length == 0 ? certified ? ApiRole.Read : null : BearerRole(header, tokens);
        }
        // Loopback is plaintext; what comes by TLS comes from elsewhere, whatever address it shows.
        if (!request.IsHttps && CallerAddress.IsLoopback(caller))
            return ApiRole.Order;
        return certified || !mutualTls ? ApiRole.Read : null;
    }

    private (string Title, string Detail) Expected() => (tokens, mutualTls) switch
    {
        (null, _) => ("Certificate expected", "This API expects a client certificate of the authority of [security] ca."),
        (_, true) => ("Token expected",
            $"This API expects the header \"Authorization: Bearer TOKEN\" with a token of {tokens.Path}; to read, a client certificate will do."),
        _ => ("Token expected", $"This API expects the header \"Authorization: Bearer TOKEN\" with a token of {tokens.Path}."),
    };

    private Problem Refuse(IPAddress? caller, RefusalReason reason, int status, (string Title, string Detail) words)
    {
        refusals.Add(ListenerKind.Api, reason, caller, words.Detail);
        return new Problem(status, words.Title, words.Detail);
    }

    // What load balancers and monitors ask of every replica says nothing that needs a token.
    private static bool IsProbe(PathString path) => path == "/healthz" || path == "/readyz";

    private static ApiRole? BearerRole(string header, ApiTokens tokens)
    {
        const string scheme = "Bearer ";
        return header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? tokens.RoleOf(header[scheme.Length..].Trim()) : null;
    }
}
