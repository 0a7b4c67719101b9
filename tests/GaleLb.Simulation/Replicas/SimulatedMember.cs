using GaleLb.Raft;

namespace GaleLb.Simulation.Replicas;

/// <summary>One replica as a simulation sees it: a process that may be up or down, and a disk that outlives it.</summary>
internal abstract class SimulatedMember(MemberId id, string address, ISimulationHost host)
{
    protected ISimulationHost Host { get; } = host;

    public MemberId Id { get; } = id;
    public string Address { get; } = address;
    public bool IsUp { get; protected set; }

    /// <summary>Its directory was wiped: what held this id is gone for good.</summary>
    public bool IsDead { get; set; }

    /// <summary>Its disk lost something that the others have not made good yet.</summary>
    public bool IsDamaged { get; set; }

    /// <summary>Whether it says that its log lacks, or may lack, what it acknowledged.</summary>
    public abstract LogLoss Loss { get; }

    /// <summary>It runs with the list of addresses that the cluster is meant to be founded by.</summary>
    public virtual bool IsListed => true;

    /// <summary>It would answer a read now without asking anybody.</summary>
    public virtual bool HoldsLease => false;

    /// <summary>Events that belong to an earlier life of the process are void.</summary>
    public int Incarnation { get; protected set; }

    /// <summary>Handles nothing before this time.</summary>
    public long PausedUntil { get; set; }

    /// <summary>The length of one of its ticks by the simulation's clock, in microseconds.</summary>
    public long TickMicroseconds { get; set; } = 10_000;

    public bool DiskStalled { get; set; }

    public abstract RaftRole Role { get; }
    public abstract Term Term { get; }
    public abstract LogIndex Commit { get; }
    public abstract LogIndex LastIndex { get; }
    public abstract LogIndex Applied { get; }
    public abstract Membership Membership { get; }
    public abstract MemberId Leader { get; }
    /// <summary>Null where it costs too much to say at any time.</summary>
    public abstract ulong? StateDigest { get; }
    public abstract bool TryTermAt(LogIndex index, out Term term);

    public abstract void Start();

    /// <summary>The process ends at once; what was not synced may or may not be on disk, unless only the process ends.</summary>
    public abstract void Crash(bool processOnly = false);

    public abstract void Tick();
    public abstract void Receive(Message message);
    public abstract void Propose(ulong order, ReadOnlyMemory<byte> payload);
    public abstract void Read(ulong token);
    public abstract void ChangeMembership(Func<Membership, Membership> change);
    public abstract void Transfer(MemberId to);

    /// <summary>Founds a cluster of these members, where the replica does not find to it by itself.</summary>
    public abstract void Found(Membership membership);

    /// <summary>Something on its disk goes wrong: what, is the replica's kind to say.</summary>
    public abstract void FailDisk();

    public abstract void HealDisk();

    /// <summary>The medium loses something of what was durable; the replica is down.</summary>
    public abstract void Damage();
}
