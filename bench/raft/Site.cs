using System.Diagnostics;
using System.Net;

namespace GaleLb.Bench.Raft;

/// <summary>Where the benchmark runs: the namespaces of e2e/topology.sh, three for replicas and a node's for the clients, and one disk.</summary>
internal sealed record Site(string Root, string Prefix, string Data)
{
    public const int Replicas = 3;

    public static IPAddress Address(int replica) => IPAddress.Parse($"10.98.2.{replica}");

    /// <summary>Starts a program in a replica's namespace; what it says goes to a file beside its data.</summary>
    public Process Start(int replica, string log, IEnumerable<string> command, params (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = new("/bin/sh", ["-c", "exec nsenter --net=\"$0\" \"$@\" >>\"$LOG\" 2>&1 </dev/null", $"/run/netns/{Prefix}lb-{replica}", .. command]);
        start.Environment["LOG"] = log;
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>Runs a command to its end and returns what it said.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static string Run(string file, params IEnumerable<string> arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(file, arguments) { UseShellExecute = false, RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{file} {string.Join(' ', arguments)}: exit code {process.ExitCode}");
    }
}
