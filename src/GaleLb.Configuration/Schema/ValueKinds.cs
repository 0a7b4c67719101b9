using System.Collections.Immutable;
using System.Globalization;
using GaleLb.Configuration.Toml;

namespace GaleLb.Configuration.Schema;

/// <summary>The kinds of values that both programs use: numbers, durations, choices, lists.</summary>
internal static class ValueKinds
{
    public static readonly ValueKind<bool> Boolean = new("true or false", ReadBoolean);

    public static readonly ValueKind<ushort> Port = new("a port from 1 to 65535", ReadPort);

    /// <summary>A share from 0 to 1 in steps of a thousandth, held as thousandths.</summary>
    public static readonly ValueKind<int> SharePermille = new("a share from 0.0 to 1.0", ReadSharePermille);

    public static ValueKind<int> Integer(int min, int max)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"an integer from {min} to {max}");
        return new ValueKind<int>(name, (TomlValue value, string path, ConfigurationReport report, out int result) =>
        {
            result = 0;
            if (value is not TomlInteger integer)
            {
                return Fail(value, path, report, name);
            }

            if (integer.Value < min || integer.Value > max)
            {
                return Fail(value, path, report, name, "is out of range");
            }

            result = (int)integer.Value;
            return true;
        });
    }

    public static ValueKind<TimeSpan> Duration(string min, string max)
    {
        TimeSpan shortest = ParseDuration(min), longest = ParseDuration(max);
        string name = $"a duration from \"{min}\" to \"{max}\"";
        return new ValueKind<TimeSpan>(name, (TomlValue value, string path, ConfigurationReport report, out TimeSpan result) =>
        {
            result = TimeSpan.Zero;
            if (value is not TomlString text)
            {
                return Fail(value, path, report, DurationText.Expected);
            }

            if (!DurationText.TryParse(text.Value, out result))
            {
                return Fail(value, path, report, DurationText.Expected, "is not a duration");
            }

            return (result >= shortest && result <= longest) || Fail(value, path, report, name, "is out of range");
        });
    }

    /// <summary>A duration, or the word <c>"off"</c> for null.</summary>
    public static ValueKind<TimeSpan?> DurationOrOff(string min, string max)
    {
        ValueKind<TimeSpan> duration = Duration(min, max);
        string name = duration.Name + ", or \"off\"";
        return new ValueKind<TimeSpan?>(name, (TomlValue value, string path, ConfigurationReport report, out TimeSpan? result) =>
        {
            result = null;
            if (value is TomlString { Value: "off" })
            {
                return true;
            }

            bool isRead = duration.TryRead(value, path, report, out TimeSpan read);
            result = read;
            return isRead;
        });
    }

    /// <summary>One of a few words.</summary>
    public static ValueKind<T> Choice<T>(params (string Word, T Value)[] choices)
        where T : struct
    {
        string name = string.Join(" or ", choices.Select(c => $"\"{c.Word}\""));
        return new ValueKind<T>(name, (TomlValue value, string path, ConfigurationReport report, out T result) =>
        {
            result = default;
            if (value is not TomlString text)
            {
                return Fail(value, path, report, name);
            }

            foreach ((string word, T choice) in choices)
            {
                if (string.Equals(text.Value, word, StringComparison.Ordinal))
                {
                    result = choice;
                    return true;
                }
            }

            return Fail(value, path, report, name, "is not known");
        });
    }

    /// <summary>An array whose items are all of one kind and all different.</summary>
    public static ValueKind<ImmutableArray<T>> ListOf<T>(ValueKind<T> item, string name, bool mayBeEmpty = true)
    {
        return new ValueKind<ImmutableArray<T>>(name, (TomlValue value, string path, ConfigurationReport report, out ImmutableArray<T> result) =>
        {
            result = [];
            if (value is not TomlArray array)
            {
                return Fail(value, path, report, name);
            }

            if (array.Items.Count == 0 && !mayBeEmpty)
            {
                return Fail(value, path, report, name, "is empty");
            }

            bool complete = true;
            Dictionary<string, int> seen = new(StringComparer.Ordinal);
            ImmutableArray<T>.Builder items = ImmutableArray.CreateBuilder<T>(array.Items.Count);
            for (int i = 0; i < array.Items.Count; i++)
            {
                string itemPath = string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]");
                if (!item.TryRead(array.Items[i], itemPath, report, out T? read))
                {
                    complete = false;
                    continue;
                }

                if (seen.TryAdd(read!.ToString()!, i))
                {
                    items.Add(read);
                    continue;
                }

                report.Error(array.Items[i].Position, itemPath, $"{read} is listed twice (item {seen[read.ToString()!] + 1} is the same); expected every one once");
                complete = false;
            }

            result = items.DrainToImmutable();
            return complete;
        });
    }

    /// <summary>Reports a value of the wrong type, or one that <paramref name="why"/> does not suit.</summary>
    public static bool Fail(TomlValue value, string path, ConfigurationReport report, string expected, string? why = null)
    {
        report.Error(value.Position, path, why is null
            ? $"{Subject(value)}; expected {expected}"
            : $"{value.Display} {why}; expected {expected}");
        return false;
    }

    private static string Subject(TomlValue value) =>
        string.Equals(value.Display, value.TypeName, StringComparison.Ordinal) || value is TomlArray
            ? $"is {value.Display}"
            : $"{value.Display} is {value.TypeName}";

    private static bool ReadBoolean(TomlValue value, string path, ConfigurationReport report, out bool result)
    {
        result = value is TomlBoolean { Value: true };
        return value is TomlBoolean || Fail(value, path, report, Boolean.Name);
    }

    private static bool ReadPort(TomlValue value, string path, ConfigurationReport report, out ushort result)
    {
        result = 0;
        if (value is not TomlInteger integer)
        {
            return Fail(value, path, report, Port.Name);
        }

        if (integer.Value is < 1 or > ushort.MaxValue)
        {
            return Fail(value, path, report, Port.Name, "is out of range");
        }

        result = (ushort)integer.Value;
        return true;
    }

    private static bool ReadSharePermille(TomlValue value, string path, ConfigurationReport report, out int result)
    {
        result = 0;
        if (value is TomlInteger { Value: 0 or 1 } whole)
        {
            result = (int)whole.Value * 1000;
            return true;
        }

        if (value is not TomlFloat share)
        {
            return Fail(value, path, report, SharePermille.Name, value is TomlInteger ? "is out of range" : null);
        }

        if (!(share.Value >= 0 && share.Value <= 1))
        {
            return Fail(value, path, report, SharePermille.Name, "is out of range");
        }

        result = (int)Math.Round(share.Value * 1000);
        return Math.Abs((share.Value * 1000) - result) < 1e-6
            || Fail(value, path, report, "at most three decimals", "is too fine");
    }

    public static TimeSpan ParseDuration(string text) =>
        DurationText.TryParse(text, out TimeSpan duration) ? duration : throw new ArgumentException($"{text} is not a duration", nameof(text));
}
