using GaleLb.Node.Heartbeats;
using GaleLb.Rpc.V1;

namespace GaleLb.Node.Checks;

/// <summary>Passes when a GET over a new connection is answered with a status from 200 to 399. Redirects are not followed.</summary>
internal sealed class HttpServiceCheck : IServiceCheck, IDisposable
{
    private readonly Uri _target;
    private readonly HttpMessageInvoker _invoker;

    public HttpServiceCheck(Uri target)
    {
        _target = target;
        _invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            // An old connection may work where a new one would not be accepted.
            PooledConnectionLifetime = TimeSpan.Zero,
#pragma warning disable CA5359 // The node asks itself whether it answers, not who it is: certificates are for the service's own names.
            SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
#pragma warning restore CA5359
        });
    }

    public async Task<ServiceReport> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            using HttpRequestMessage request = new(HttpMethod.Get, _target);
            request.Headers.TryAddWithoutValidation("User-Agent", "gale-node");
            using HttpResponseMessage response = await _invoker.SendAsync(request, cancellationToken);
            int status = (int)response.StatusCode;
            return status is >= 200 and <= 399
                ? ServiceReport.Serving
                : new ServiceReport(ServingStatus.NotServing, [], $"{_target} answered {status}; 200 to 399 was expected");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new ServiceReport(ServingStatus.NotServing, [], $"{_target}: {e.Message}");
        }
    }

    public void Dispose() => _invoker.Dispose();
}
