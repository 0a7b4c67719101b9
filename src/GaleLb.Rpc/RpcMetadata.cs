using System.Buffers;
using System.Collections;

namespace GaleLb.Rpc;

/// <summary>The custom headers or trailers of a call: pairs in the order added, a key may repeat.</summary>
/// <remarks>Keys are lower-case <c>[0-9a-z_.-]</c>; a key that ends in <c>-bin</c> carries bytes, Base64 on the wire; others carry
/// printable ASCII. <c>grpc-</c> keys belong to the protocol and are refused.</remarks>
#pragma warning disable CA1710 // "metadata" is what gRPC calls it
public sealed class RpcMetadata : IReadOnlyCollection<KeyValuePair<string, string>>
#pragma warning restore CA1710
{
    private const string BinarySuffix = "-bin";
    private static readonly SearchValues<char> KeyCharacters = SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyz_.-");
    private readonly List<KeyValuePair<string, string>> _pairs = [];
    private bool _readOnly;

    /// <summary>No pairs; cannot be added to.</summary>
    public static RpcMetadata Empty { get; } = new() { _readOnly = true };

    public int Count => _pairs.Count;

    /// <exception cref="ArgumentException">The key or the value cannot be sent.</exception>
    public void Add(string key, string value)
    {
        CheckKey(key);
        if (key.EndsWith(BinarySuffix, StringComparison.Ordinal))
            throw new ArgumentException($"Metadata key '{key}' carries bytes, not text.", nameof(key));
        if (value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            throw new ArgumentException($"The value of metadata key '{key}' is not printable ASCII.", nameof(value));
        Append(key, value);
    }

    /// <exception cref="ArgumentException">The key cannot be sent or does not end in <c>-bin</c>.</exception>
    public void Add(string key, ReadOnlySpan<byte> value)
    {
        CheckKey(key);
        if (!key.EndsWith(BinarySuffix, StringComparison.Ordinal))
            throw new ArgumentException($"Metadata key '{key}' carries text: a key for bytes ends in {BinarySuffix}.", nameof(key));
        Append(key, Convert.ToBase64String(value).TrimEnd('='));
    }

    /// <summary>The first value of a key as it was sent, or null.</summary>
    public string? GetValue(string key)
    {
        foreach ((string candidate, string value) in _pairs)
        {
            if (candidate == key)
                return value;
        }
        return null;
    }

    /// <summary>The first value of a <c>-bin</c> key, or null when there is none or it is not Base64.</summary>
    public byte[]? GetBytes(string key)
    {
        if (GetValue(key) is not { } text)
            return null;
        // The wire form may leave the padding out.
        string padded = text.PadRight((text.Length + 3) / 4 * 4, '=');
        byte[] bytes = new byte[padded.Length / 4 * 3];
        return Convert.TryFromBase64String(padded, bytes, out int written) ? bytes[..written] : null;
    }

    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => _pairs.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Takes a pair from the wire, whose value is shown as it came.</summary>
    internal void Append(string key, string value)
    {
        if (_readOnly)
            throw new InvalidOperationException("This metadata is read-only.");
        _pairs.Add(new(key, value));
    }

    /// <summary>Whether a header on the wire is the caller's and not the protocol's own.</summary>
    internal static bool IsCustom(string name) =>
        !name.StartsWith(':') && !name.StartsWith("grpc-", StringComparison.OrdinalIgnoreCase)
        && !name.Equals("content-type", StringComparison.OrdinalIgnoreCase) && !name.Equals("te", StringComparison.OrdinalIgnoreCase)
        && !name.Equals("content-length", StringComparison.OrdinalIgnoreCase) && !name.Equals("host", StringComparison.OrdinalIgnoreCase)
        && !name.Equals("date", StringComparison.OrdinalIgnoreCase);

    private static void CheckKey(string key)
    {
        if (key.Length == 0 || key.AsSpan().ContainsAnyExcept(KeyCharacters) || !IsCustom(key))
            throw new ArgumentException($"'{key}' is no metadata key: expected lower-case [0-9a-z_.-], not a name of the protocol's own.", nameof(key));
    }
}
