using System.Runtime.CompilerServices;

namespace GaleLb.E2E.Tests.Harness;

/// <summary>A cluster that the tests of one class share; it is taken down whatever becomes of them.</summary>
public class ClusterFixture : IAsyncLifetime
{
    private Cluster? _cluster;

    public Cluster Cluster => _cluster ?? throw new InvalidOperationException("There is no cluster without root.");

    /// <summary>Environment of topology.sh for this cluster's configuration.</summary>
    protected virtual string[] Settings => [];

    /// <summary>Topology, services and nodes.</summary>
    protected virtual ClusterShape Shape => ClusterShape.Plain;

    public async Task InitializeAsync()
    {
        if (Environment.IsPrivilegedProcess)
        {
            _cluster = await Cluster.StartAsync(GetType().Name, Shape, Settings);
        }
    }

    public async Task DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }
}

/// <summary>Base of test classes that share a cluster.</summary>
public abstract class ClusterTests(ClusterFixture fixture)
{
    protected Cluster Cluster => fixture.Cluster;

    /// <summary>Runs a test on a cluster in which all is well; where it fails, a bundle tells of it.</summary>
    protected async Task ObserveAsync(Func<Task> test, [CallerMemberName] string name = "")
    {
        try
        {
            await Cluster.MendAsync();
            await test();
        }
        catch (Exception error)
        {
            var bundle = await FailureBundle.WriteAsync(Cluster, $"{GetType().Name}.{name}", error);
            throw new InvalidOperationException($"{error.Message}\nKept in {bundle}", error);
        }
    }
}
