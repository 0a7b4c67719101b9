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

        Completions completions = new(globals);
        Command cluster = ClusterCommand.Create(globals), services = ServicesCommand.Create(globals);
        AddAll(cluster, ClusterOrders.Create(globals));
        AddAll(services, ServiceOrders.Create(globals, completions));
        AddAll(
            root,
            [
                StatusCommand.Create(globals), NodesCommand.Create(globals, completions), cluster, BlacklistCommand.Create(globals), services,
                ConfigCommand.Create(globals), RingCommand.Create(globals, completions), EventsCommand.Create(globals), TopCommand.Create(globals),
                NodeCommand.Create(globals, completions), .. BanCommands.Create(globals, completions), .. BlockCommands.Create(globals),
                .. DocumentCommands.Create(globals, completions), TraceCommand.Create(globals, completions), DiffCommand.Create(globals),
                ReplayCommand.Create(globals), CertsCommand.Create(environment), CompletionCommand.Create(environment),
            ]);
        return root;
    }

    private static void AddAll(Command parent, IEnumerable<Command> children)
    {
        foreach (Command child in children)
        {
            parent.Subcommands.Add(child);
        }
    }
}
