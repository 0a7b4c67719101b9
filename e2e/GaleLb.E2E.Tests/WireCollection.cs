using GaleLb.E2E.Tests.Harness;

namespace GaleLb.E2E.Tests;

/// <summary>A wide cluster: services and nodes of both families.</summary>
public sealed class WireFixture : ClusterFixture
{
    protected override ClusterShape Shape => ClusterShape.Wide;
}

/// <summary>The classes that share it, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class WireCollection : ICollectionFixture<WireFixture>
{
    public const string Name = "wire";
}

/// <summary>The same with clients' packets seen in TC.</summary>
public sealed class WireInTcFixture : ClusterFixture
{
    protected override ClusterShape Shape => ClusterShape.WideInTc;
}

[CollectionDefinition(Name)]
public sealed class WireInTcCollection : ICollectionFixture<WireInTcFixture>
{
    public const string Name = "wire in tc";
}
