using System.Text;
using GaleLb.Configuration.Toml;

namespace GaleLb.Configuration.Tests.Toml;

/// <summary>Depth is bounded in words, and size costs time in proportion.</summary>
public sealed class TomlLimitTests
{
    private const int Depth = TomlReader.DepthMax;

    private static readonly Dictionary<string, Func<string>> AtTheLimit = new(StringComparer.Ordinal)
    {
        ["arrays"] = () => "a = " + Repeat("[", Depth) + Repeat("]", Depth),
        ["inline tables"] = () => "a = " + Repeat("{a = ", Depth) + "1" + Repeat("}", Depth),
        ["header"] = () => "[" + Repeat("a.", Depth - 1) + "a]\nb = 1",
        ["dotted key"] = () => Repeat("a.", Depth) + "a = 1",
    };

    private static readonly Dictionary<string, Func<string>> BeyondTheLimit = new(StringComparer.Ordinal)
    {
        ["open arrays"] = () => "a = " + Repeat("[", 1_000_000),
        ["arrays"] = () => "a = " + Repeat("[", Depth + 1) + Repeat("]", Depth + 1),
        ["inline tables"] = () => "a = " + Repeat("{a = ", Depth + 1) + "1" + Repeat("}", Depth + 1),
        ["open inline tables"] = () => "a = " + Repeat("{a = ", 200_000),
        ["arrays of inline tables"] = () => "a = " + Repeat("[{a = ", 200_000),
        ["header"] = () => "[" + Repeat("a.", 500_000) + "a]",
        ["dotted key"] = () => Repeat("a.", 500_000) + "a = 1",
        ["dotted keys in inline tables"] = () => "a = " + Repeat("{" + Repeat("a.", 20) + "a = ", 10) + "1",
        ["key below a header"] = () => "[" + Repeat("a.", Depth - 1) + "a]\nb.c = 1",
    };

    private static readonly Dictionary<string, Func<string>> Large = new(StringComparer.Ordinal)
    {
        ["items on one line"] = () => "a = [" + Repeat("1,", 400_000) + "]",
        ["keys on one line"] = () => "a = {" + Numbered(100_000, i => $"k{i} = 1,") + "}",
        ["tables"] = () => Numbered(100_000, i => $"[t{i}]\nx = 1\n"),
        ["tables of one parent"] = () => Numbered(100_000, i => $"[a.b.t{i}]\n"),
        ["arrays of tables"] = () => Repeat("[[a]]\nx = 1\n[a.b]\n", 100_000),
        ["dotted keys"] = () => Numbered(100_000, i => $"a.b.k{i} = 1\n"),
        ["keys below a long one"] = () => "[" + Repeat("a", 1_000_000) + "]\n" + Numbered(50_000, i => $"k{i} = 1\n"),
        ["a string"] = () => "a = \"" + Repeat("x\\n", 500_000) + "\"",
        ["quotation marks"] = () => "a = '''" + Repeat("'' ", 500_000) + "'''",
        ["lines of a string"] = () => "a = \"\"\"" + Repeat("x\\\n  \n", 300_000) + "\"\"\"",
        ["underscores"] = () => "a = " + Repeat("1_", 500_000) + "1.5",
        ["comments"] = () => Repeat("# comment\n", 300_000),
        ["blanks"] = () => "a =" + Repeat(" ", 1_000_000) + "1",
    };

    public static TheoryData<string> CasesAtTheLimit => [.. AtTheLimit.Keys];

    public static TheoryData<string> CasesBeyondTheLimit => [.. BeyondTheLimit.Keys];

    public static TheoryData<string> LargeCases => [.. Large.Keys];

    [Theory]
    [MemberData(nameof(CasesAtTheLimit))]
    public void Read_NestingAtTheLimit_IsRead(string what)
    {
        Action read = () => Read(AtTheLimit[what]());

        read.Should().NotThrow();
    }

    [Theory]
    [MemberData(nameof(CasesBeyondTheLimit))]
    public void Read_NestingBeyondTheLimit_IsRefusedInWords(string what)
    {
        Action read = () => Read(BeyondTheLimit[what]());

        read.Should().Throw<TomlException>().Which.Detail.Should().Contain($"nest more than {Depth} deep");
    }

    /// <summary>With quadratic work anywhere each of these would take minutes instead of a moment.</summary>
    [Theory]
    [MemberData(nameof(LargeCases))]
    public void Read_LargeDocument_IsReadToItsEnd(string what)
    {
        TomlTable table = Read(Large[what]() + "\nlast = 1");

        table.Entries.Should().NotBeEmpty();
    }

    [Fact]
    public void Read_ErrorWithAHugeToken_ShowsItsBeginningOnly()
    {
        Action read = () => Read("a = 0" + new string('7', 1_000_000));

        read.Should().Throw<TomlException>().Which.Message.Length.Should().BeLessThan(300);
    }

    private static string Numbered(int count, Func<int, string> line) => string.Concat(Enumerable.Range(0, count).Select(line));

    private static string Repeat(string text, int count) => new StringBuilder(text.Length * count).Insert(0, text, count).ToString();

    private static TomlTable Read(string document) => TomlReader.Read(Encoding.UTF8.GetBytes(document));
}
