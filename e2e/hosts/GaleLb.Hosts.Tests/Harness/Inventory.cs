namespace GaleLb.Hosts.Tests.Harness;

/// <summary>
/// Ansible's inventory, as far as the tests need it: groups of hosts with their variables, from ini files of which later ones win.
/// </summary>
public sealed class Inventory
{
    private readonly Dictionary<string, List<string>> _groups = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, string>> _hostVariables = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);

    /// <summary>The hosts of a group in the order of the files; none if there is no such group.</summary>
    public IReadOnlyList<string> Group(string name) => _groups.GetValueOrDefault(name) ?? [];

    /// <summary>A host's own variable, else that of all hosts, else null.</summary>
    public string? Variable(string host, string name) =>
        _hostVariables.GetValueOrDefault(host)?.GetValueOrDefault(name) ?? _variables.GetValueOrDefault(name);

    public static Inventory Read(IEnumerable<string> files)
    {
        Inventory inventory = new();
        foreach (var file in files)
        {
            inventory.Add(File.ReadLines(file));
        }

        return inventory;
    }

    private void Add(IEnumerable<string> lines)
    {
        var section = "";
        foreach (var line in lines.Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] is not ('#' or ';')))
        {
            if (line[0] == '[')
            {
                section = line.Trim('[', ']');
            }
            else if (section.EndsWith(":vars", StringComparison.Ordinal))
            {
                var pair = line.Split('=', 2, StringSplitOptions.TrimEntries);
                _variables[pair[0]] = pair[1];
            }
            else
            {
                AddHost(section, line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            }
        }
    }

    private void AddHost(string group, string[] words)
    {
        if (!_groups.TryGetValue(group, out var hosts))
        {
            _groups[group] = hosts = [];
        }

        hosts.Add(words[0]);
        _hostVariables[words[0]] = words.Skip(1).Select(word => word.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
    }
}
