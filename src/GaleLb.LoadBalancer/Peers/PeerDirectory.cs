using System.Collections.Immutable;
using GaleLb.Raft;

namespace GaleLb.LoadBalancer.Peers;

/// <summary>All other replicas that are configured, are members, or have introduced themselves, by address. Thread-safe.</summary>
internal sealed class PeerDirectory
{
    private ImmutableSortedDictionary<string, PeerRecord> _records =
        ImmutableSortedDictionary.Create<string, PeerRecord>(StringComparer.Ordinal);

    public IEnumerable<PeerRecord> All => _records.Values;

    public PeerRecord? Find(string address) => _records.GetValueOrDefault(address);

    public PeerRecord? Find(MemberId id) => _records.Values.FirstOrDefault(r => r.Id == id);

    /// <summary>Swaps the record of <paramref name="address"/> for what <paramref name="change"/> makes of it.</summary>
    /// <param name="change">May run more than once.</param>
    public PeerRecord Update(string address, Func<PeerRecord, PeerRecord> change)
    {
        PeerRecord? result = null;
        ImmutableInterlocked.Update(ref _records, records =>
        {
            result = change(records.GetValueOrDefault(address) ?? new PeerRecord(address));
            return records.SetItem(address, result);
        });
        return result!;
    }

    public void Forget(string address) =>
        ImmutableInterlocked.Update(ref _records, records => records.Remove(address));
}
