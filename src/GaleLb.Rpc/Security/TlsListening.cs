using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace GaleLb.Rpc.Security;

/// <summary>TLS on a port of Kestrel.</summary>
public static class TlsListening
{
    /// <summary>Shows the identity's certificate and asks each caller for one of its roots.</summary>
    /// <param name="listen">The port.</param>
    /// <param name="tls">Asked for each connection, so that renewed certificates count from the next one on.</param>
    /// <param name="protocol">What is spoken inside.</param>
    /// <param name="required">False: a caller may show no certificate; one that it shows must be of the roots all the same.</param>
    /// <param name="refused">Told of each caller that got no further.</param>
    public static void UseTls(
        this ListenOptions listen, TlsIdentity tls, SslApplicationProtocol protocol, bool required, Action<IPEndPoint?, TlsRefusal>? refused)
    {
        // Two ends around the handshake: what enters and does not come out was refused.
        listen.Use(next => async connection =>
        {
            Handshake handshake = new();
            connection.Features.Set(handshake);
            await next(connection);
            if (!handshake.Completed)
                refused?.Invoke(connection.RemoteEndPoint as IPEndPoint, handshake.Refusal);
        });
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = context => ValueTask.FromResult(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = tls.CertificateContext,
                ClientCertificateRequired = true,
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                ApplicationProtocols = [protocol],
                RemoteCertificateValidationCallback = (sender, certificate, chain, errors) =>
                {
                    if (certificate is null ? !required : tls.ValidateClient(sender, certificate, chain, errors))
                        return true;
                    context.Connection.Features.Get<Handshake>()!.Refusal = TlsRefusal.Certificate;
                    return false;
                },
            }),
        });
        listen.Use(next => connection =>
        {
            connection.Features.Get<Handshake>()!.Completed = true;
            return next(connection);
        });
    }

    private sealed class Handshake
    {
        public bool Completed { get; set; }

        public TlsRefusal Refusal { get; set; } = TlsRefusal.Handshake;
    }
}
