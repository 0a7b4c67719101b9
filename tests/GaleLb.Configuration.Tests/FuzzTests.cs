using System.Globalization;
using System.Text;
using GaleLb.Configuration.Options;
using GaleLb.Configuration.Tests.Toml;
using GaleLb.Configuration.Toml;

namespace GaleLb.Configuration.Tests;

/// <summary>
/// Mutations of valid files are read or refused, and nothing else happens. GALELB_FUZZ_COUNT and GALELB_FUZZ_SEED set how
/// many and which.
/// </summary>
public sealed class FuzzTests
{
    private static readonly int Count = Setting("GALELB_FUZZ_COUNT", 3_000);
    private static readonly int Seed = Setting("GALELB_FUZZ_SEED", 1);

    private static readonly byte[][] Fragments =
    [
        .. new[]
        {
            "[", "]", "[[", "]]", "{", "}", "=", ".", ",", "\"", "'", "\"\"\"", "'''", "\\", "\\u", "\\U0011", "\\x", "#", "\n", "\r", "\r\n", "\t",
            "0", "-", "+", "_", "e", "0x", "inf", "nan", "true", "1979-05-27", "T", "07:32", "Z", ":", "é", "\uFEFF", "\0", "a.b = 1\n", "[a]\n", "[[a]]\n",
        }.Select(Encoding.UTF8.GetBytes),
        [0xFF], [0xC3], [0xED, 0xA0, 0x80],
    ];

    [Fact]
    public void TomlReader_MutatedDocuments_ThrowNothingButTomlException()
    {
        byte[][] documents = [.. TomlSuite.Documents(TomlVersion.V11, "valid").Select(f => File.ReadAllBytes(Path.Combine(TomlSuite.Directory, f)))];
        ForEachMutation(documents, document =>
        {
            foreach (TomlVersion version in Enum.GetValues<TomlVersion>())
            {
                try
                {
                    TomlReader.Read(document, version);
                }
                catch (TomlException)
                {
                    // Refused in words: one of the two things that may happen.
                }
            }
        });
    }

    [Fact]
    public void ConfigurationFile_MutatedConfigurations_GiveOptionsOrErrors()
    {
        string configs = Path.Combine(TestFiles.RepositoryRoot, "configs");
        byte[][] documents = [.. Directory.EnumerateFiles(configs, "*.toml").Order(StringComparer.Ordinal).Select(Live)];
        ForEachMutation(documents, document =>
        {
            ConfigurationResult<LoadBalancerOptions> loadBalancer = ConfigurationFile.ReadLoadBalancer("lb.toml", document);
            Assert.Equal(loadBalancer.Options is null, loadBalancer.Errors.Length > 0);
            ConfigurationResult<NodeOptions> node = ConfigurationFile.ReadNode("node.toml", document);
            Assert.Equal(node.Options is null, node.Errors.Length > 0);
        });
    }

    /// <summary>A sample with what is commented out in force, so that every key is mutated too.</summary>
    private static byte[] Live(string path) =>
        Encoding.UTF8.GetBytes(string.Join('\n', File.ReadLines(path).Select(l => l.StartsWith("# ", StringComparison.Ordinal) && l.Contains(" = ", StringComparison.Ordinal) ? l[2..] : l)));

    private static void ForEachMutation(byte[][] documents, Action<byte[]> check)
    {
        for (int i = 0; i < Count; i++)
        {
            // Each mutation has a seed of its own, so that one can be repeated alone.
            int seed = Seed + i;
            byte[] document = Mutate(documents[seed % documents.Length], new Random(seed));
            try
            {
                check(document);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException(
                    $"GALELB_FUZZ_SEED={seed} GALELB_FUZZ_COUNT=1 fails with {e.Message} for:\n{Encoding.UTF8.GetString(document)}", e);
            }
        }
    }

    private static byte[] Mutate(byte[] document, Random random)
    {
        List<byte> bytes = [.. document];
        for (int n = random.Next(1, 6); n > 0; n--)
        {
            int at = random.Next(bytes.Count + 1);
            int length = Math.Min(random.Next(1, 12), bytes.Count - at);
            switch (random.Next(4))
            {
                case 0:
                    bytes.InsertRange(at, Fragments[random.Next(Fragments.Length)]);
                    break;
                case 1:
                    bytes.RemoveRange(at, length);
                    break;
                case 2:
                    bytes.InsertRange(random.Next(bytes.Count + 1), bytes.GetRange(at, length));
                    break;
                default:
                    if (at < bytes.Count)
                    {
                        bytes[at] = (byte)random.Next(256);
                    }

                    break;
            }
        }

        return [.. bytes];
    }

    private static int Setting(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
