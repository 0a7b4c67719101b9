using System.CommandLine;

namespace GaleLb.Cli.Commands;

/// <summary>Every command by its name.</summary>
internal static class CommandTree
{
    public static RootCommand Create(GalectlEnvironment environment)
    {
        GlobalOptions globals = new(environment);
        RootCommand root = new("Asks and orders a cluster of gale-lb load balancers. Exit code: 0 fine, 1 failed, 2 bad usage.");
        foreach (Option option in globals.All)
        {
            root.Options.Add(option);
        }

        root.Subcommands.Add(StatusCommand.Create(globals));
        root.Subcommands.Add(NodesCommand.Create(globals));
        root.Subcommands.Add(ClusterCommand.Create(globals));
        root.Subcommands.Add(BlacklistCommand.Create(globals));
        root.Subcommands.Add(ServicesCommand.Create(globals));
        root.Subcommands.Add(RingCommand.Create(globals));
        return root;
    }
}
