using System.Collections.Immutable;
using GaleLb.Raft;

namespace GaleLb.LoadBalancer.Cluster;

/// <summary>Which members' kernels forward by an order, by address. <paramref name="Unreachable"/> are among <paramref name="Missing"/>.</summary>
internal sealed record AppliedReport(ImmutableArray<string> AppliedOn, ImmutableArray<string> Missing, ImmutableArray<string> Unreachable);

/// <summary>Waits until every member that can be reached forwards by an order. Nobody sits on a vacant seat, so it is not waited for.</summary>
/// <param name="kernelIndex">The index that a member's kernel forwards by, null when it cannot be reached.</param>
/// <param name="askAgain">Asks members by address anew and takes at least a moment.</param>
internal sealed class AppliedWait(
    Func<Membership> membership, Func<Member, LogIndex?> kernelIndex, Func<IEnumerable<string>, CancellationToken, Task> askAgain, TimeProvider time)
{
    public async Task<AppliedReport> WaitAsync(LogIndex index, TimeSpan limit, CancellationToken cancellation)
    {
        long started = time.GetTimestamp();
        while (true)
        {
            AppliedReport report = Judge(index);
            string[] behind = [.. report.Missing.Except(report.Unreachable, StringComparer.Ordinal)];
            if (behind.Length == 0 || time.GetElapsedTime(started) >= limit)
                return report;
            await askAgain(behind, cancellation);
        }
    }

    private AppliedReport Judge(LogIndex index)
    {
        var members = membership().Members.Where(m => !m.Vacant).Select(m => (m.Address, Index: kernelIndex(m))).ToArray();
        return new AppliedReport(
            [.. members.Where(m => m.Index >= index).Select(m => m.Address)],
            [.. members.Where(m => m.Index is null || m.Index < index).Select(m => m.Address)],
            [.. members.Where(m => m.Index is null).Select(m => m.Address)]);
    }
}
