using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using GaleLb.LoadBalancer.Hosting;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>What a caller may do.</summary>
internal enum ApiRole
{
    Read,
    Order,
}

/// <summary>The tokens of <c>[security] api_token_file</c>: one a line, <c>read</c> or <c>order</c> before it; without a word it orders.</summary>
internal sealed class ApiTokens
{
    private readonly ImmutableArray<(byte[] Token, ApiRole Role)> _tokens;

    private ApiTokens(string path, ImmutableArray<(byte[] Token, ApiRole Role)> tokens)
    {
        Path = path;
        _tokens = tokens;
    }

    public string Path { get; }

    /// <exception cref="StartException">The file cannot be read, a line is not as expected, or there is no token.</exception>
    public static ApiTokens Load(string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"{path}: the tokens cannot be read: {error.Message}", error);
        }
        Dictionary<string, int> places = new(StringComparer.Ordinal);
        ImmutableArray<(byte[], ApiRole)>.Builder tokens = ImmutableArray.CreateBuilder<(byte[], ApiRole)>();
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
                continue;
            // Never the line itself: it may hold a token.
            (string token, ApiRole role) = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) switch
            {
                ["read" or "order"] => throw new StartException($"{path}:{i + 1}: a role without a token"),
                [var only] => (only, ApiRole.Order),
                ["order", var named] => (named, ApiRole.Order),
                ["read", var named] => (named, ApiRole.Read),
                _ => throw new StartException($"{path}:{i + 1}: expected TOKEN, \"read TOKEN\" or \"order TOKEN\""),
            };
            if (!token.All(c => c is > ' ' and < '\x7F'))
                throw new StartException($"{path}:{i + 1}: the token holds other characters than printable ASCII");
            if (!places.TryAdd(token, i + 1))
                throw new StartException($"{path}:{i + 1}: the token of line {places[token]} again");
            tokens.Add((Encoding.ASCII.GetBytes(token), role));
        }
        return tokens.Count > 0
            ? new ApiTokens(path, tokens.ToImmutable())
            : throw new StartException($"{path}: holds no token; expected one a line");
    }

    /// <summary>What the bearer of a token may do; null when it is unknown.</summary>
    public ApiRole? RoleOf(string token)
    {
        byte[] shown = Encoding.UTF8.GetBytes(token);
        ApiRole? found = null;
        // All of them, so that the time taken does not tell which one came close.
        foreach ((byte[] known, ApiRole role) in _tokens)
        {
            if (CryptographicOperations.FixedTimeEquals(shown, known))
                found = role;
        }
        return found;
    }
}
