using System.Collections.Immutable;
using GaleLb.Raft;

namespace GaleLb.Replica.Founding;

/// <summary>Who of the configured list is there, and what each said of itself.</summary>
internal sealed class FoundingRoll
{
    private readonly MemberId _self;
    private readonly string _address;
    private readonly SortedDictionary<string, PeerIntroduction> _heard = new(StringComparer.Ordinal);

    public FoundingRoll(MemberId self, string address, IEnumerable<string> addresses)
    {
        _self = self;
        _address = address;
        Addresses = [.. addresses.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    /// <summary>The configured list, sorted.</summary>
    public ImmutableArray<string> Addresses { get; }

    private int Majority => (Addresses.Length / 2) + 1;

    /// <summary>A peer that has a cluster already, if any is known.</summary>
    public PeerIntroduction? Member
    {
        get
        {
            foreach (PeerIntroduction peer in _heard.Values)
                if (!peer.Empty)
                    return peer;
            return null;
        }
    }

    public void Take(PeerIntroduction peer)
    {
        if (peer.Id != _self || peer.Address != _address)
            _heard[peer.Address] = peer;
    }

    public PeerIntroduction? Find(MemberId id)
    {
        foreach (PeerIntroduction peer in _heard.Values)
            if (peer.Id == id)
                return peer;
        return null;
    }

    public bool Agrees(PeerIntroduction peer) => Addresses.SequenceEqual(peer.Peers.Order(StringComparer.Ordinal), StringComparer.Ordinal);

    /// <summary>What keeps this replica from founding, in words; null when a majority of the list is empty and of one mind.</summary>
    public string? Obstacle()
    {
        if (!Addresses.Contains(_address, StringComparer.Ordinal))
            return $"its own address {_address} is not in the list of addresses: waits to be added to a cluster (galectl cluster add)";
        if (Member is { } member)
            return $"the replica at {member.Address} has a cluster: waits to be added to it (galectl cluster add)";
        if (Copied() is { } copied)
            return copied;
        ImmutableArray<PeerIntroduction?> seats = Seats();
        int present = seats.Count(s => s is not null);
        return present >= Majority ? null : $"{present} of {Addresses.Length} replicas of the list are here and agree, {Majority} are needed: waits for {Absent(seats)}";
    }

    /// <summary>By list order: who takes each address's seat, ourselves included; null where nobody who agrees is known.</summary>
    public ImmutableArray<PeerIntroduction?> Seats()
    {
        var seats = ImmutableArray.CreateBuilder<PeerIntroduction?>(Addresses.Length);
        foreach (string address in Addresses)
        {
            if (address == _address)
                seats.Add(new PeerIntroduction(_self, _address, Empty: true, Addresses));
            else if (_heard.TryGetValue(address, out PeerIntroduction? peer) && peer.Empty && !peer.Id.IsNone && Agrees(peer))
                seats.Add(peer);
            else
                seats.Add(null);
        }

        return seats.MoveToImmutable();
    }

    public static bool IsComplete(ImmutableArray<PeerIntroduction?> seats) => !seats.Contains(null);

    /// <summary>How many present replicas come before this one in list order.</summary>
    public int RankOfSelf(ImmutableArray<PeerIntroduction?> seats) => seats.TakeWhile(s => s?.Address != _address).Count(s => s is not null);

    public string Absent(ImmutableArray<PeerIntroduction?> seats)
    {
        List<string> absent = [];
        for (int i = 0; i < seats.Length; i++)
        {
            if (seats[i] is not null)
                continue;
            absent.Add(_heard.TryGetValue(Addresses[i], out PeerIntroduction? peer) && !Agrees(peer)
                ? $"{Addresses[i]} (its list differs: {string.Join(", ", peer.Peers)})"
                : Addresses[i]);
        }

        return string.Join(", ", absent);
    }

    /// <summary>Two replicas with one id: a data directory was copied, and votes would be counted twice.</summary>
    private string? Copied()
    {
        SortedDictionary<MemberId, string> holders = new() { [_self] = _address };
        foreach (PeerIntroduction peer in _heard.Values)
            if (!holders.TryAdd(peer.Id, peer.Address))
                return $"the replicas at {holders[peer.Id]} and {peer.Address} have the same member id {peer.Id}: a data directory was copied; empty one of them";
        return null;
    }
}
