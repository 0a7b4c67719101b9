using System.Collections.Immutable;
using System.Net;
using System.Reflection;
using GaleLb.Configuration;
using GaleLb.Configuration.Options;
using GaleLb.DataPlane;
using GaleLb.DataPlane.Kernel;

namespace GaleLb.LoadBalancer.Hosting;

/// <summary>gale-lb --config FILE [--check-config | --detach]. Ends with 0 when all is well, 1 when it failed, 2 on bad usage or configuration.</summary>
internal static class CommandLine
{
    private const string Usage =
        """
        usage: gale-lb --config FILE [--check-config | --detach]
               gale-lb --version

          --config FILE    the replica's configuration (TOML)
          --check-config   judge the file and exit: 0 when it is fine, 2 when it is not
          --detach         take off the programs that a stopped gale-lb left forwarding, and exit

        SIGTERM and SIGINT stop it; on_exit of the file says whether the kernel then forwards on.
        Exit codes: 0 fine, 1 failed, 2 bad usage or configuration.
        """;

    public static string Version { get; } =
        typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    public static async Task<int> RunAsync(string[] args)
    {
        string? file = null;
        bool checkOnly = false, detach = false;
        for (int i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--config" when i + 1 < args.Length:
                    file = args[++i];
                    break;
                case "--check-config":
                    checkOnly = true;
                    break;
                case "--detach":
                    detach = true;
                    break;
                case "--version":
                    Console.WriteLine($"gale-lb {Version}");
                    return 0;
                case "--help" or "-h":
                    Console.WriteLine(Usage);
                    return 0;
                default:
                    Console.Error.WriteLine($"gale-lb: \"{args[i]}\" is not expected here\n{Usage}");
                    return 2;
            }
        }
        if (file is null)
        {
            Console.Error.WriteLine($"gale-lb: --config FILE is missing\n{Usage}");
            return 2;
        }

        ConfigurationResult<LoadBalancerOptions> result = ConfigurationFile.LoadLoadBalancer(file);
        foreach (ConfigurationMessage warning in result.Warnings)
            Console.Error.WriteLine($"warning: {warning}");
        foreach (ConfigurationMessage error in result.Errors)
            Console.Error.WriteLine(error);
        if (result.Options is not { } options)
            return 2;
        if (checkOnly)
        {
            Console.WriteLine($"{file}: fine");
            return 0;
        }
        return detach ? Detach(file, options) : await RunAsync(file, options);
    }

    private static int Detach(string file, LoadBalancerOptions options)
    {
        try
        {
            RequireStopped(options);
            ImmutableArray<string> removed = LeftPrograms.Detach(options.DataPlane.PinPath);
            Console.WriteLine(removed.IsEmpty ? $"{options.DataPlane.PinPath}: nothing is left" : $"taken off: {string.Join(", ", removed)}");
            return 0;
        }
        catch (Exception error) when (error is StartException or DataPlaneException)
        {
            Console.Error.WriteLine($"gale-lb: {file}: {error.Message}");
            return 1;
        }
    }

    /// <summary>A running one always listens on loopback, and would lose its programs without noticing.</summary>
    private static void RequireStopped(LoadBalancerOptions options)
    {
        try
        {
            PortProbe.Check("private_interface.api_port", [new IPEndPoint(IPAddress.Loopback, options.PrivateInterface.ApiPort)]);
        }
        catch (StartException inUse)
        {
            throw new StartException($"a gale-lb seems to run here: stop it before --detach. {inUse.Message}", inUse);
        }
    }

    private static async Task<int> RunAsync(string file, LoadBalancerOptions options)
    {
        try
        {
            await using LoadBalancerHost host = await LoadBalancerHost.StartAsync(options, TimeProvider.System);
            return await host.RunAsync();
        }
        catch (StartException error)
        {
            Console.Error.WriteLine($"gale-lb: {file}: {error.Message}");
            return 1;
        }
    }
}
