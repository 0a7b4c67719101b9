using System.Runtime.CompilerServices;

namespace GaleLb.Bpf.Tests.Fuzz;

/// <summary>A program did what it must not: which rule, and how.</summary>
internal sealed class InvariantException(string invariant, string detail) : Exception($"{invariant}: {detail}")
{
    /// <summary>The rule's name; a smaller packet stands for the same failure only while this stays.</summary>
    public string Invariant { get; } = invariant;

    public static void Check(bool holds, string invariant, string detail)
    {
        if (!holds) throw new InvariantException(invariant, detail);
    }

    /// <summary>The same with a detail that is put into words only when it is needed.</summary>
    public static void Check(bool holds, string invariant, [InterpolatedStringHandlerArgument(nameof(holds))] ref Detail detail)
    {
        if (!holds) throw new InvariantException(invariant, detail.ToString());
    }

    /// <summary>Compares frames byte for byte.</summary>
    public static void CheckSame(ReadOnlySpan<byte> actual, ReadOnlySpan<byte> expected, string invariant)
    {
        if (actual.SequenceEqual(expected)) return;
        int at = actual.CommonPrefixLength(expected);
        throw new InvariantException(
            invariant, $"{actual.Length} bytes where {expected.Length} belong, the first that differs at {at}: expected {Convert.ToHexStringLower(expected)}");
    }

    /// <summary>An interpolated string that is not built while the rule holds.</summary>
    [InterpolatedStringHandler]
    internal ref struct Detail
    {
        private DefaultInterpolatedStringHandler text;

        public Detail(int literalLength, int formattedCount, bool holds, out bool needed)
        {
            needed = !holds;
            text = needed ? new DefaultInterpolatedStringHandler(literalLength, formattedCount) : default;
        }

        public void AppendLiteral(string literal) => text.AppendLiteral(literal);

        public void AppendFormatted<T>(T value) => text.AppendFormatted(value);

        public void AppendFormatted<T>(T value, string format) => text.AppendFormatted(value, format);

        public override readonly string ToString() => text.ToString();
    }
}
