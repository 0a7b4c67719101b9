using System.Text;
using GaleLb.Configuration.Schema;

namespace GaleLb.Configuration.Tests;

/// <summary>Writes docs/configuration.md from what the programs themselves read by.</summary>
internal static class ConfigurationReference
{
    public static string Write()
    {
        StringBuilder text = new();
        text.Append(
            """
            # Configuration

            <!-- Generated from the declarations in src/GaleLb.Configuration/Schema; a test compares. To write it anew:
                 GALELB_WRITE_DOCS=1 dotnet test tests/GaleLb.Configuration.Tests -->

            Both programs read one TOML file (1.0 or 1.1): `gale-lb --config FILE` and `gale-node --config FILE`. With `--check-config`
            they judge the file and stop: exit code 0 when it is right, 2 when not. That judges the file alone, not the machine.
            All errors are told at once, each as `FILE:LINE:COLUMN: KEY: what is wrong; what was expected`. A key that nothing knows is an
            error too, and the nearest known one is suggested. Complete files to start from are in `configs/`.

            How to read the tables:

            - **Duration**: whole numbers with the units `d`, `h`, `m`, `s` and `ms`, the largest first: `"500ms"`, `"5s"`, `"1m30s"`, `"24h"`.
            - **Changes by**: *restart* of this process, or *order*: the file founds a cluster with it, after that it is changed for all
              replicas at once, by REST or `galectl`, and the file is only compared.
            - **Compared**: part of the configuration digest by which replicas notice that they disagree
              (`enforce_single_configuration`).

            """);
        WriteProgram(text, "gale-lb", LoadBalancerSchema.Sections);
        WriteProgram(text, "gale-node", NodeSchema.Sections);
        return text.ToString();
    }

    private static void WriteProgram(StringBuilder text, string program, IReadOnlyList<ConfigurationSection> sections)
    {
        text.Append($"\n## {program}\n");
        foreach (ConfigurationSection section in sections)
        {
            text.Append($"\n### `{section.Header}`\n\n{section.Description}\n\n");
            text.Append("| Key | Expected | Default | Changes by | Compared | Meaning |\n|---|---|---|---|---|---|\n");
            foreach (ConfigurationKey key in section.Keys)
            {
                string defaultText = key.DefaultText switch
                {
                    null => "**required**",
                    { } shown when shown[0] is '"' or '[' || char.IsAsciiDigit(shown[0]) || shown is "true" or "false" => $"`{shown}`",
                    { } words => words,
                };
                text.Append($"| `{key.Name}` | {Cell(key.TypeName)} | {defaultText} | {key.Change.ToString().ToLowerInvariant()} | {(key.InDigest ? "yes" : "no")} | {Cell(key.Description)} |\n");
            }
        }
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
