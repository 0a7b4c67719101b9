using System.Reflection;
using GaleLb.Configuration;
using GaleLb.Configuration.Options;

namespace GaleLb.LoadBalancer.Hosting;

/// <summary>gale-lb --config FILE [--check-config]. Ends with 0 when all is well, 1 when it failed, 2 on bad usage or configuration.</summary>
internal static class CommandLine
{
    private const string Usage = "usage: gale-lb --config FILE [--check-config]\n       gale-lb --version";

    public static string Version { get; } =
        typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    public static async Task<int> RunAsync(string[] args)
    {
        string? file = null;
        bool checkOnly = false;
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
        return await RunAsync(file, options);
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
