using System.Text;
using GaleLb.Configuration;
using GaleLb.Configuration.Options;

namespace GaleLb.LoadBalancer.Tests;

/// <summary>Options as a file of three replicas gives them.</summary>
internal static class SampleOptions
{
    public static LoadBalancerOptions Of(
        string privateInterface = "priv", string publicInterface = "pub", string checksTimeout = "5s", bool enforce = false, int clientsPort = 8080)
    {
        ConfigurationResult<LoadBalancerOptions> result = ConfigurationFile.ReadLoadBalancer(
            "lb.toml", Encoding.UTF8.GetBytes(Text(privateInterface, publicInterface, checksTimeout, enforce, clientsPort)));
        result.Errors.Should().BeEmpty();
        return result.Options!;
    }

    public static string Text(
        string privateInterface = "priv", string publicInterface = "pub", string checksTimeout = "5s", bool enforce = false, int clientsPort = 8080) => $$"""
        [private_interface]
        net_interface_private = "{{privateInterface}}"
        [public_interface]
        net_interface_public = "{{publicInterface}}"
        clients_port = {{clientsPort}}
        [node_health]
        checks_timeout = "{{checksTimeout}}"
        [load_balancer_quorum]
        enforce_single_configuration = {{(enforce ? "true" : "false")}}
        addresses = [{ ip = "10.98.2.1", port = 9090 }, { ip = "10.98.2.2", port = 9090 }, { ip = "10.98.2.3", port = 9090 }]
        """;
}
