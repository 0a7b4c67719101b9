using GaleLb.Configuration.Loading;
using GaleLb.Configuration.Options;
using GaleLb.Configuration.Schema;
using GaleLb.Configuration.Toml;

namespace GaleLb.Configuration;

/// <summary>Loads and judges configuration files: the file alone, never the machine it will run on.</summary>
public static class ConfigurationFile
{
    /// <summary>A configuration is written by hand; something larger was named by mistake.</summary>
    public const int BytesMax = 4 * 1024 * 1024;

    /// <summary>Reads gale-lb's file. Never throws for what the file is or holds: that is in the result's errors.</summary>
    public static ConfigurationResult<LoadBalancerOptions> LoadLoadBalancer(string path) => Load(path, LoadBalancerReader.Read);

    /// <summary>Reads gale-node's file. Never throws for what the file is or holds: that is in the result's errors.</summary>
    public static ConfigurationResult<NodeOptions> LoadNode(string path) => Load(path, NodeReader.Read);

    /// <summary>Judges the bytes of gale-lb's file; <paramref name="name"/> is what messages call it.</summary>
    public static ConfigurationResult<LoadBalancerOptions> ReadLoadBalancer(string name, ReadOnlySpan<byte> utf8) =>
        Read(name, utf8, LoadBalancerReader.Read);

    /// <summary>Judges the bytes of gale-node's file; <paramref name="name"/> is what messages call it.</summary>
    public static ConfigurationResult<NodeOptions> ReadNode(string name, ReadOnlySpan<byte> utf8) => Read(name, utf8, NodeReader.Read);

    private static ConfigurationResult<T> Load<T>(string path, Func<TomlTable, ConfigurationReport, T?> reader)
        where T : class
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            using FileStream stream = File.OpenRead(path);
            byte[] buffer = new byte[BytesMax + 1];
            int length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            return length > BytesMax
                ? Refused<T>(path, null, "", $"is larger than {BytesMax} bytes; expected a configuration file")
                : Read(path, buffer.AsSpan(0, length), reader);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return Refused<T>(path, null, "", "no such file; expected a configuration file (--config FILE)");
        }
        catch (UnauthorizedAccessException)
        {
            return Refused<T>(path, null, "", Directory.Exists(path)
                ? "is a directory; expected a configuration file"
                : "cannot be read, permission denied; expected a file that this user may read");
        }
        catch (IOException e)
        {
            return Refused<T>(path, null, "", $"cannot be read: {e.Message}");
        }
    }

    private static ConfigurationResult<T> Read<T>(string name, ReadOnlySpan<byte> utf8, Func<TomlTable, ConfigurationReport, T?> reader)
        where T : class
    {
        TomlTable root;
        try
        {
            root = TomlReader.Read(utf8);
        }
        catch (TomlException e)
        {
            return Refused<T>(name, e.Position, e.Key, e.Detail);
        }

        ConfigurationReport report = new(name);
        T? options = reader(root, report);
        return new ConfigurationResult<T>(options, report.Errors, report.Warnings);
    }

    private static ConfigurationResult<T> Refused<T>(string name, TomlPosition? position, string key, string detail)
        where T : class =>
        new(null, [new ConfigurationMessage(name, position, key, detail)], []);
}
