namespace GaleLb.LoadBalancer.Nodes;

/// <summary>
/// Tells streams when this replica has lost its leader: <see cref="Lost"/> fires once for each loss, and is a fresh token
/// when contact is back.
/// </summary>
internal sealed class LeaderContact(TimeProvider time) : IDisposable
{
    private static readonly CancellationToken Gone = new(canceled: true);
    private CancellationTokenSource? _present;
    private long _lastAt = time.GetTimestamp();

    /// <summary>Cancelled already while there is no contact.</summary>
    public CancellationToken Lost => Volatile.Read(ref _present)?.Token ?? Gone;

    public bool IsPresent => Volatile.Read(ref _present) is not null;

    /// <summary>How old what this replica knows may be: zero in contact, else since the contact was lost.</summary>
    public TimeSpan Age => IsPresent ? TimeSpan.Zero : time.GetElapsedTime(Volatile.Read(ref _lastAt));

    public void Set(bool contact)
    {
        if (contact)
        {
            Volatile.Write(ref _lastAt, time.GetTimestamp());
            if (_present is null)
                Volatile.Write(ref _present, new CancellationTokenSource());
            return;
        }
        // Not disposed: a stream may be linking to its token just now, and without a timer it holds nothing.
        Interlocked.Exchange(ref _present, null)?.Cancel();
    }

    public void Dispose() => Set(false);
}
