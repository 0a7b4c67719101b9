namespace GaleLb.E2E.Tests.Harness;

/// <summary>Base of test classes whose tests each begin with namespaces and no replica; not for tests that can do without root.</summary>
public abstract class BareReplicaTests : IAsyncLifetime
{
    private BareReplicas? _replicas;

    protected BareReplicas Replicas => _replicas ?? throw new InvalidOperationException("There are no replicas without root.");

    public async Task InitializeAsync()
    {
        if (Environment.IsPrivilegedProcess)
        {
            _replicas = await BareReplicas.UpAsync(GetType().Name);
        }
    }

    public async Task DisposeAsync()
    {
        if (_replicas is not null)
        {
            await _replicas.DisposeAsync();
        }
    }
}
