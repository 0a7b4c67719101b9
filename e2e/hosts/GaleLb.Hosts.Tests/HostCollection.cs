using GaleLb.Hosts.Tests.Harness;

// One set of hosts, one test after the other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace GaleLb.Hosts.Tests;

[CollectionDefinition(Name)]
public sealed class HostCollection : ICollectionFixture<HostCluster>
{
    public const string Name = "hosts";
}
