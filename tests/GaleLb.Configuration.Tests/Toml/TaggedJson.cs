using System.Globalization;
using System.Text.Json.Nodes;
using GaleLb.Configuration.Toml;

namespace GaleLb.Configuration.Tests.Toml;

/// <summary>Documents as the public suite writes them: every value an object of its type and its text.</summary>
internal static class TaggedJson
{
    public static JsonNode Encode(TomlValue value) => value switch
    {
        TomlTable table => new JsonObject(table.Entries.Select(e => KeyValuePair.Create<string, JsonNode?>(e.Key, Encode(e.Value)))),
        TomlArray array => new JsonArray([.. array.Items.Select(Encode)]),
        TomlString text => Tagged("string", text.Value),
        TomlInteger integer => Tagged("integer", integer.Value.ToString(CultureInfo.InvariantCulture)),
        TomlFloat number => Tagged("float", number.Display),
        TomlBoolean boolean => Tagged("bool", boolean.Display),
        TomlDateTime time => Tagged(DateTimeTag(time), time.Display),
        _ => throw new ArgumentException($"unknown kind of value {value.GetType()}", nameof(value)),
    };

    /// <summary>The first difference between two encoded documents by the suite's rules, null when there is none.</summary>
    public static string? Difference(JsonNode? expected, JsonNode? actual, string path = "")
    {
        switch (expected, actual)
        {
            case (JsonObject e, JsonObject a) when IsTagged(e) && IsTagged(a):
                string type = (string)e["type"]!, left = (string)e["value"]!, right = (string)a["value"]!;
                return type == (string)a["type"]! && SameValue(type, left, right)
                    ? null
                    : $"{path}: expected {type} {left}, got {a["type"]} {right}";
            case (JsonObject e, JsonObject a):
                string? odd = e.Select(p => p.Key).Except(a.Select(p => p.Key)).Select(k => $"{path}.{k}: missing")
                    .Concat(a.Select(p => p.Key).Except(e.Select(p => p.Key)).Select(k => $"{path}.{k}: not expected"))
                    .FirstOrDefault();
                return odd ?? e.Select(p => Difference(p.Value, a[p.Key], $"{path}.{p.Key}")).FirstOrDefault(d => d is not null);
            case (JsonArray e, JsonArray a):
                return e.Count != a.Count
                    ? $"{path}: expected {e.Count} items, got {a.Count}"
                    : e.Select((item, i) => Difference(item, a[i], $"{path}[{i}]")).FirstOrDefault(d => d is not null);
            default:
                return $"{path}: expected {expected?.ToJsonString()}, got {actual?.ToJsonString()}";
        }
    }

    private static JsonObject Tagged(string type, string value) => new() { ["type"] = type, ["value"] = value };

    private static bool IsTagged(JsonObject node) =>
        node.Count == 2 && node["type"] is JsonValue && node["value"] is JsonValue;

    private static string DateTimeTag(TomlDateTime time) => time.Kind switch
    {
        TomlDateTimeKind.OffsetDateTime => "datetime",
        TomlDateTimeKind.LocalDateTime => "datetime-local",
        TomlDateTimeKind.LocalDate => "date-local",
        _ => "time-local",
    };

    private static bool SameValue(string type, string expected, string actual) => type switch
    {
        "float" => ParseFloat(expected).Equals(ParseFloat(actual)),
        "datetime" or "datetime-local" or "time-local" => Canonical(expected) == Canonical(actual),
        _ => expected == actual,
    };

    private static double ParseFloat(string text) => text switch
    {
        "inf" or "+inf" => double.PositiveInfinity,
        "-inf" => double.NegativeInfinity,
        "nan" => double.NaN,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    /// <summary>Trailing zeros of the fraction and the two spellings of UTC mean nothing.</summary>
    private static string Canonical(string time)
    {
        string utc = time.ToUpperInvariant().Replace(' ', 'T').Replace("+00:00", "Z", StringComparison.Ordinal);
        int point = utc.IndexOf('.', StringComparison.Ordinal);
        if (point < 0)
        {
            return utc;
        }

        int end = point + 1;
        while (end < utc.Length && char.IsAsciiDigit(utc[end]))
        {
            end++;
        }

        string fraction = utc[(point + 1)..end].TrimEnd('0');
        return utc[..point] + (fraction.Length > 0 ? "." + fraction : "") + utc[end..];
    }
}
