using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using GaleLb.Configuration;
using GaleLb.Configuration.Options;
using GaleLb.Executable;
using GaleLb.Node.Forwarding;
using GaleLb.Rpc.Security;

namespace GaleLb.Node.Hosting;

/// <summary>gale-node from its command line to its exit code.</summary>
internal static class NodeProgram
{
    private const int Fine = 0;
    private const int Failed = 1;
    private const int BadUsage = 2;

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, TextWriter output, TextWriter errors)
    {
        CommandLine command = CommandLine.Parse(arguments);
        if (command.Help)
        {
            await output.WriteLineAsync(CommandLine.Usage);
            return Fine;
        }
        if (command.Version)
        {
            await output.WriteLineAsync($"gale-node {Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion}");
            return Fine;
        }
        if (command.Error is { } error)
        {
            await errors.WriteLineAsync($"gale-node: {error}\n\n{CommandLine.Usage}");
            return BadUsage;
        }

        ConfigurationResult<NodeOptions> configuration = ConfigurationFile.LoadNode(command.Config!);
        foreach (ConfigurationMessage warning in configuration.Warnings)
            await errors.WriteLineAsync($"{warning} (warning)");
        foreach (ConfigurationMessage message in configuration.Errors)
            await errors.WriteLineAsync(message.ToString());
        if (configuration.Options is not { } options)
            return BadUsage;
        if (command.CheckConfig)
        {
            await output.WriteLineAsync($"{command.Config}: ok");
            return Fine;
        }
        return await ServeAsync(options, output, errors);
    }

    private static async Task<int> ServeAsync(NodeOptions options, TextWriter output, TextWriter errors)
    {
        string name = options.Node.Name ?? Environment.MachineName;
        if (!NodeIdentity.IsName(name))
        {
            await errors.WriteLineAsync($"gale-node: the host name '{name}' cannot be a node's name; set node.name to 1 to 253 of [a-zA-Z0-9._-]");
            return Failed;
        }
        ReplicaCredentials credentials;
        try
        {
            credentials = ReplicaCredentials.Load(options.Security);
        }
        catch (InvalidDataException e)
        {
            await errors.WriteLineAsync($"gale-node: {e.Message}");
            return Failed;
        }

        NodeLog log = new(output, TimeProvider.System);
        await using CertificateWatch? certificates = credentials.Watch(TimeProvider.System, log);
        using SystemdNotifier? systemd = SystemdNotifier.FromEnvironment(Environment.GetEnvironmentVariable, Environment.ProcessId);
        using CancellationTokenSource stop = new();
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        NodeIdentity identity = new(name, BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))), options.Node);
        log.Write($"node {name} starting; replicas: {string.Join(", ", options.LoadBalancers)}");
        LinuxHostNetwork network = new();
        using ServiceAddresses addresses = new(options, network, log);
        using TunnelEnd tunnel = new(options.Forwarding, network, new KernelTunnelHost(), log);
        NodeAgent agent = new(options, identity, credentials, addresses, tunnel, Random.Shared, TimeProvider.System, log);
        if (systemd?.Ready($"node {name}; replicas: {string.Join(", ", options.LoadBalancers)}") is { } unheard)
            log.Write(unheard);
        using NodeWatch? watch = systemd is null ? null : new NodeWatch(systemd, agent.Progress, TimeProvider.System, log);
        try
        {
            bool isNoted = await agent.RunAsync(stop.Token);
            log.Write(isNoted ? "left: the replica has taken note" : "stopped; no replica could be told");
            return Fine;
        }
        catch (HostNetworkException e)
        {
            await errors.WriteLineAsync($"gale-node: {e.Message}");
            return Failed;
        }

        void Stop(PosixSignalContext context)
        {
            // A second signal changes nothing: leaving is bounded, and some senders signal the process and its group.
            context.Cancel = true;
            if (stop.IsCancellationRequested)
                return;
            log.Write("leaving");
            systemd?.Stopping();
            stop.Cancel();
        }
    }
}
