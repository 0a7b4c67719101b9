namespace GaleLb.Rpc.Security;

/// <summary>Looks at an identity's files from time to time, so that certificates are renewed without a restart.</summary>
/// <remarks>New files count from the next connection on. Files that cannot be used are told once, and change nothing.</remarks>
public sealed class CertificateWatch : IAsyncDisposable
{
    private readonly TlsIdentity _identity;
    private readonly Action<string> _renewed;
    private readonly Action<string> _failed;
    private readonly ITimer _timer;

    /// <summary>Looks until disposed.</summary>
    /// <param name="identity">Whose files.</param>
    /// <param name="time">What the looks are counted by.</param>
    /// <param name="renewed">Told that new files are in force.</param>
    /// <param name="failed">Told why new files are not.</param>
    public CertificateWatch(TlsIdentity identity, TimeProvider time, Action<string> renewed, Action<string> failed)
    {
        _identity = identity;
        _renewed = renewed;
        _failed = failed;
        _timer = time.CreateTimer(_ => Look(), null, Interval, Interval);
    }

    /// <summary>Between two looks.</summary>
    public static TimeSpan Interval { get; } = TimeSpan.FromSeconds(10);

    /// <summary>A certificate's name and end, for people.</summary>
    public static string Describe(TlsIdentity identity) =>
        $"certificate {identity.Certificate.Subject}, valid until {identity.Certificate.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm:ss}Z";

    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private void Look()
    {
        try
        {
            if (_identity.ReloadIfChanged())
                _renewed($"{Describe(_identity)}, is in force from the next connection on");
        }
        catch (InvalidDataException e)
        {
            _failed($"{e.Message}; {Describe(_identity)}, stays in force");
        }
    }
}
