using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using GaleLb.E2E.Tests.Harness;

namespace GaleLb.E2E.Tests;

/// <summary>
/// What the trimmer made of the runtime's assemblies that go into bin/. It has dropped the finally of a lock inside a catch
/// handler before, whereupon every lost connection left a lock held for ever (docs/decisions/0008).
/// </summary>
public sealed partial class TrimmingTests
{
    // A body that can no longer be reached is replaced by a throw or a constant; such a stub has no finally to lose.
    private const int StubBytesMax = 40;

    [Theory]
    [InlineData("GaleLb.LoadBalancer")]
    [InlineData("GaleLb.Node")]
    [InlineData("GaleLb.Cli")]
    public void Executable_Trimmed_KeepsEveryFinallyOfTheRuntime(string project)
    {
        var intermediate = Path.Combine(Repository.Root, "src", project, "obj");
        var originals = OriginalAssemblies(Path.Combine(intermediate, "project.assets.json"));
        var compared = 0;
        var lost = new List<string>();

        foreach (var trimmed in Directory.EnumerateFiles(Path.Combine(intermediate, "Release", "net10.0", "linux-x64", "linked"), "*.dll"))
        {
            if (!originals.TryGetValue(Path.GetFileName(trimmed), out var original))
            {
                continue;
            }

            var before = Methods(original);
            foreach (var (method, bodies) in Methods(trimmed))
            {
                compared++;
                if (before.TryGetValue(method, out var whole) && bodies.Where(b => b.Bytes > StubBytesMax).Select(b => b.Finallys).DefaultIfEmpty(int.MaxValue).Min()
                    < whole.Min(b => b.Finallys))
                {
                    lost.Add($"{Path.GetFileName(trimmed)}: {method}");
                }
            }
        }

        compared.Should().BeGreaterThan(10_000, "the trimmed assemblies and their originals were found");
        lost.Should().BeEmpty();
    }

    /// <summary>The assemblies of the runtime packs that were restored for this project, by file name.</summary>
    private static Dictionary<string, string> OriginalAssemblies(string assets)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(assets));
        var folders = json.RootElement.GetProperty("packageFolders").EnumerateObject().Select(f => f.Name).ToList();
        var packs = json.RootElement.GetProperty("project").GetProperty("frameworks").EnumerateObject().First().Value
            .GetProperty("downloadDependencies").EnumerateArray()
            .Select(d => (Name: d.GetProperty("name").GetString()!, Version: ExactVersion().Match(d.GetProperty("version").GetString()!).Value))
            .Where(d => d.Name.EndsWith(".App.Runtime.linux-x64", StringComparison.Ordinal));
        return packs
            .SelectMany(pack => folders.Select(folder => Path.Combine(folder, pack.Name.ToLowerInvariant(), pack.Version)))
            .Where(Directory.Exists)
            .SelectMany(pack => Directory.EnumerateFiles(pack, "*.dll", SearchOption.AllDirectories))
            .ToDictionary(file => Path.GetFileName(file), file => file, StringComparer.Ordinal);
    }

    /// <summary>Finally handlers and size of each method's body; overloads with as many parameters share a key.</summary>
    private static Dictionary<string, List<(int Finallys, int Bytes)>> Methods(string path)
    {
        var methods = new Dictionary<string, List<(int, int)>>(StringComparer.Ordinal);
        using var file = new PEReader(File.OpenRead(path));
        if (!file.HasMetadata)
        {
            return methods;
        }

        var metadata = file.GetMetadataReader();
        foreach (var type in metadata.TypeDefinitions)
        {
            var name = NameOf(metadata, type);
            foreach (var handle in metadata.GetTypeDefinition(type).GetMethods())
            {
                var method = metadata.GetMethodDefinition(handle);
                if (method.RelativeVirtualAddress == 0 || (method.ImplAttributes & MethodImplAttributes.CodeTypeMask) != MethodImplAttributes.IL)
                {
                    continue;
                }

                var signature = metadata.GetBlobReader(method.Signature);
                if (signature.ReadSignatureHeader().IsGeneric)
                {
                    signature.ReadCompressedInteger();
                }

                var body = file.GetMethodBody(method.RelativeVirtualAddress);
                var key = $"{name}.{metadata.GetString(method.Name)}/{signature.ReadCompressedInteger()}";
                (methods.TryGetValue(key, out var bodies) ? bodies : methods[key] = []).Add(
                    (body.ExceptionRegions.Count(region => region.Kind == ExceptionRegionKind.Finally), body.GetILReader().Length));
            }
        }

        return methods;
    }

    private static string NameOf(MetadataReader metadata, TypeDefinitionHandle handle)
    {
        var type = metadata.GetTypeDefinition(handle);
        var outer = type.GetDeclaringType();
        return (outer.IsNil ? metadata.GetString(type.Namespace) : NameOf(metadata, outer)) + "." + metadata.GetString(type.Name);
    }

    [GeneratedRegex(@"\d+\.\d+\.\d+[^,\]]*", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ExactVersion();
}
