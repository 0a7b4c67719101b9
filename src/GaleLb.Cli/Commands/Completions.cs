using System.CommandLine;
using System.CommandLine.Completions;
using GaleLb.Cli.Api;

namespace GaleLb.Cli.Commands;

/// <summary>Arguments whose values a shell can complete by asking the cluster.</summary>
/// <remarks>They carry a HelpName, without which help would list the values, and so ask the cluster too.</remarks>
internal sealed class Completions
{
    private readonly GlobalOptions _globals;

    public Completions(GlobalOptions globals) => _globals = globals;

    public Argument<string> Node()
    {
        Argument<string> id = new("NODE") { Description = "The node's name", HelpName = "NODE" };
        id.CompletionSources.Add(context => Names(context, Nodes));
        return id;
    }

    public Argument<string> Service()
    {
        Argument<string> name = new("SERVICE") { Description = "The service's name", HelpName = "SERVICE" };
        name.CompletionSources.Add(context => Names(context, Services));
        return name;
    }

    public IEnumerable<CompletionItem> NodeNames(CompletionContext context) => Names(context, Nodes);

    public IEnumerable<CompletionItem> ServiceNames(CompletionContext context) => Names(context, Services);

    private static async Task<IEnumerable<string>> Nodes(ApiClient api, CancellationToken cancellation) =>
        ApiClient.Parse(await api.GetAsync("nodes?consistency=local", cancellation), CliJson.Default.NodesDocument).Nodes.Select(n => n.Id);

    private static async Task<IEnumerable<string>> Services(ApiClient api, CancellationToken cancellation) =>
        ApiClient.Parse(await api.GetAsync("services?consistency=local", cancellation), CliJson.Default.ServicesDocument).Services.Select(s => s.Name);

    /// <summary>A completion that fails is none: there is no place in a half-typed line to say why.</summary>
    private IEnumerable<CompletionItem> Names(
        CompletionContext context, Func<ApiClient, CancellationToken, Task<IEnumerable<string>>> ask)
    {
        try
        {
            using CancellationTokenSource deadline = new(_globals.Environment.CompletionPatience);
            using ApiClient api = _globals.Client(context.ParseResult);
            IEnumerable<string> names = Task.Run(() => ask(api, deadline.Token)).GetAwaiter().GetResult();
            return [.. names.Where(n => n.StartsWith(context.WordToComplete, StringComparison.Ordinal)).Select(n => new CompletionItem(n))];
        }
        catch (Exception e) when (e is ApiException or UsageException or OperationCanceledException)
        {
            return [];
        }
    }
}
