using System.Collections.Immutable;
using GaleLb.Configuration.Toml;

namespace GaleLb.Configuration.Schema;

/// <summary>Gathers errors and warnings of one file.</summary>
internal sealed class ConfigurationReport
{
    private readonly string _file;
    private readonly List<ConfigurationMessage> _errors = [];
    private readonly List<ConfigurationMessage> _warnings = [];

    public ConfigurationReport(string file) => _file = file;

    public bool HasErrors => _errors.Count > 0;

    public ImmutableArray<ConfigurationMessage> Errors => InOrder(_errors);

    public ImmutableArray<ConfigurationMessage> Warnings => InOrder(_warnings);

    public void Error(TomlPosition? position, string key, string detail) =>
        _errors.Add(new ConfigurationMessage(_file, position, key, detail));

    public void Warn(TomlPosition? position, string key, string detail) =>
        _warnings.Add(new ConfigurationMessage(_file, position, key, detail));

    private static ImmutableArray<ConfigurationMessage> InOrder(List<ConfigurationMessage> messages) =>
        [.. messages.OrderBy(m => m.Position ?? TomlPosition.Start)];
}
