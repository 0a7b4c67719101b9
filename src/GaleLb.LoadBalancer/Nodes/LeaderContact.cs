namespace GaleLb.LoadBalancer.Nodes;

/// <summary>
/// Tells streams when this replica has been without its leader for too long: <see cref="Lost"/> fires once for each such loss, and
/// is a fresh token when contact is back. Another leader is mostly there before that (docs/decisions/0011).
/// </summary>
internal sealed class LeaderContact(TimeProvider time) : IDisposable
{
    private static readonly CancellationToken Gone = new(canceled: true);
    private CancellationTokenSource? _present;
    private long _lastAt = time.GetTimestamp();
    private volatile bool _isPresent;

    /// <summary>Cancelled already while contact is lost.</summary>
    public CancellationToken Lost => Volatile.Read(ref _present)?.Token ?? Gone;

    public bool IsPresent => _isPresent;

    /// <summary>How old what this replica knows may be: zero in contact, else since the contact was lost.</summary>
    public TimeSpan Age => IsPresent ? TimeSpan.Zero : time.GetElapsedTime(Volatile.Read(ref _lastAt));

    /// <param name="patience">How long without contact counts as lost.</param>
    public void Set(bool contact, TimeSpan patience)
    {
        _isPresent = contact;
        if (contact)
        {
            Volatile.Write(ref _lastAt, time.GetTimestamp());
            if (_present is null)
                Volatile.Write(ref _present, new CancellationTokenSource());
            return;
        }
        if (Age < patience)
            return;
        // Not disposed: a stream may be linking to its token just now, and without a timer it holds nothing.
        Interlocked.Exchange(ref _present, null)?.Cancel();
    }

    public void Dispose() => Set(false, TimeSpan.Zero);
}
