using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using GaleLb.Node.Heartbeats;
using GaleLb.Rpc.V1;

namespace GaleLb.Node.Checks;

/// <summary>Passes when a program exits with 0. Its output is not kept; at the timeout it is killed with all it has started.</summary>
/// <param name="command">Program and arguments; no shell in between.</param>
internal sealed class ExecServiceCheck(ImmutableArray<string> command) : IServiceCheck
{
    public async Task<ServiceReport> CheckAsync(CancellationToken cancellationToken)
    {
        ProcessStartInfo start = new(command[0], command.Skip(1))
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Process? process;
        try
        {
            process = Process.Start(start);
        }
        catch (Win32Exception e)
        {
            return NotServing($"{command[0]} cannot be run: {e.Message}");
        }
        using (process)
        {
            // Read and dropped: a full pipe would stop the program. Not waited for: what it left behind may hold the pipe.
            process!.StandardInput.Close();
            process.OutputDataReceived += static (_, _) => { };
            process.ErrorDataReceived += static (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            try
            {
                await process.WaitForExitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                throw;
            }
            return process.ExitCode == 0 ? ServiceReport.Serving : NotServing($"{command[0]} exited with {process.ExitCode}");
        }
    }

    private static ServiceReport NotServing(string detail) => new(ServingStatus.NotServing, [], detail);
}
