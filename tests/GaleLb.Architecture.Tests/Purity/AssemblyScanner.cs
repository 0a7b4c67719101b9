using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace GaleLb.Architecture.Tests.Purity;

/// <summary>Lists what the compiled code of an assembly mentions, type by type, from bodies, locals and signatures.</summary>
internal sealed class AssemblyScanner : IDisposable
{
    /// <summary>Stands for the type of an instruction that computes with floating point.</summary>
    public const string FloatingPoint = "System.Double";

    private static readonly ConcurrentDictionary<string, ImmutableArray<ApiUse>> Scanned = new(StringComparer.Ordinal);

    private readonly PEReader _file;
    private readonly MetadataReader _metadata;

    public AssemblyScanner(string path)
    {
        _file = new PEReader(File.OpenRead(path));
        _metadata = _file.GetMetadataReader();
    }

    public IEnumerable<string> ReferencedAssemblies =>
        _metadata.AssemblyReferences.Select(handle => _metadata.GetString(_metadata.GetAssemblyReference(handle).Name));

    /// <summary>All uses in an assembly, which is read once.</summary>
    public static ImmutableArray<ApiUse> UsesIn(string path) => Scanned.GetOrAdd(path, static path =>
    {
        using var scanner = new AssemblyScanner(path);
        return [.. scanner.Uses()];
    });

    public void Dispose() => _file.Dispose();

    private IEnumerable<ApiUse> Uses()
    {
        foreach (var handle in _metadata.TypeDefinitions)
        {
            var type = _metadata.GetTypeDefinition(handle);
            var typeName = TypeNames.NameOf(_metadata, handle);
            foreach (var field in type.GetFields().Select(_metadata.GetFieldDefinition))
            {
                foreach (var name in field.DecodeSignature(TypeNames.Instance, null))
                {
                    yield return new(typeName, _metadata.GetString(field.Name), name, "", []);
                }
            }

            foreach (var method in type.GetMethods().Select(_metadata.GetMethodDefinition))
            {
                var uses = UsesOf(method, typeName).ToList();
                var mentions = uses.Select(use => use.Type).ToImmutableHashSet(StringComparer.Ordinal);
                foreach (var use in uses)
                {
                    yield return use with { Mentions = mentions };
                }
            }
        }
    }

    private IEnumerable<ApiUse> UsesOf(MethodDefinition method, string typeName)
    {
        var methodName = _metadata.GetString(method.Name);
        var signature = method.DecodeSignature(TypeNames.Instance, null);
        foreach (var name in signature.ParameterTypes.Prepend(signature.ReturnType).SelectMany(names => names))
        {
            yield return new(typeName, methodName, name, "", []);
        }

        if (method.RelativeVirtualAddress == 0)
        {
            yield break;
        }

        var body = _file.GetMethodBody(method.RelativeVirtualAddress);
        if (!body.LocalSignature.IsNil)
        {
            var locals = _metadata.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(TypeNames.Instance, null);
            foreach (var name in locals.SelectMany(names => names))
            {
                yield return new(typeName, methodName, name, "", []);
            }
        }

        foreach (var (operation, token) in Instructions.Of(body.GetILBytes() ?? []))
        {
            if (token is { } entity)
            {
                foreach (var (type, member, arguments) in Resolve(entity))
                {
                    yield return new(typeName, methodName, type, member, arguments);
                }
            }
            else if (operation == OpCodes.Ldc_R4 || operation == OpCodes.Ldc_R8 || operation == OpCodes.Conv_R4
                || operation == OpCodes.Conv_R8 || operation == OpCodes.Conv_R_Un)
            {
                yield return new(typeName, methodName, FloatingPoint, operation.Name ?? "", []);
            }
        }
    }

    private IEnumerable<(string Type, string Member, ImmutableArray<string> Arguments)> Resolve(EntityHandle entity)
    {
        switch (entity.Kind)
        {
            case HandleKind.MemberReference:
                var reference = _metadata.GetMemberReference((MemberReferenceHandle)entity);
                yield return (ParentName(reference.Parent), _metadata.GetString(reference.Name), []);
                break;
            case HandleKind.MethodSpecification:
                var generic = _metadata.GetMethodSpecification((MethodSpecificationHandle)entity);
                ImmutableArray<string> arguments = [.. generic.DecodeSignature(TypeNames.Instance, null).SelectMany(names => names)];
                foreach (var (type, member, _) in Resolve(generic.Method))
                {
                    yield return (type, member, arguments);
                }

                break;
            case HandleKind.FieldDefinition:
                var field = _metadata.GetFieldDefinition((FieldDefinitionHandle)entity);
                foreach (var name in field.DecodeSignature(TypeNames.Instance, null))
                {
                    yield return (name, "", []);
                }

                break;
            case HandleKind.TypeReference or HandleKind.TypeSpecification:
                foreach (var name in Names(entity))
                {
                    yield return (name, "", []);
                }

                break;
        }
    }

    private string ParentName(EntityHandle parent) => Names(parent).FirstOrDefault("");

    private ImmutableArray<string> Names(EntityHandle type) => type.Kind switch
    {
        HandleKind.TypeReference => [TypeNames.NameOf(_metadata, (TypeReferenceHandle)type)],
        HandleKind.TypeDefinition => [TypeNames.NameOf(_metadata, (TypeDefinitionHandle)type)],
        HandleKind.TypeSpecification => _metadata.GetTypeSpecification((TypeSpecificationHandle)type).DecodeSignature(TypeNames.Instance, null),
        _ => [],
    };
}
