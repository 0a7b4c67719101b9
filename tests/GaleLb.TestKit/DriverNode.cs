using System.Text;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.Replica.Driver;
using GaleLb.Replica.Storage;

namespace GaleLb.TestKit;

/// <summary>One machine of a <see cref="DriverCluster"/>: a disk that stays, and a process that comes and goes.</summary>
public sealed class DriverNode(DriverCluster cluster, int number, ReplicaOptions options, SeededRandomness randomness)
{
    private readonly List<ReplicaEffect> _effects = [];
    private ReplicaDriver? _driver;
    private TimeSpan _pausedUntil;
    private TimeSpan _stalledUntil;
    private ulong _tokens;

    public int Number => number;
    public ReplicaOptions Options { get; set; } = options;
    public SimulatedDisk Disk { get; private set; } = new();
    public RecordingMachine Machine { get; private set; } = new();
    public int Incarnation { get; private set; }
    public string? FatalReason { get; private set; }
    public List<string> Notes { get; } = [];
    public Dictionary<ulong, ProposalResult> Proposals { get; } = [];
    public Dictionary<ulong, ReadResult> Reads { get; } = [];
    public Dictionary<ulong, bool> Transfers { get; } = [];
    public MemberId Id { get; private set; }
    public ReplicaStatus? Status => _driver?.Status;
    public bool DiskFull => _driver?.DiskFull ?? false;
    public bool Runs => _driver is not null;

    public PeerIntroduction? Introduction => _driver is null ? null : new PeerIntroduction(Id, Options.Address, _driver.Status.DirectoryEmpty, Options.Addresses);

    public void Start()
    {
        Machine = new RecordingMachine();
        FatalReason = null;
        ReplicaStore store = ReplicaStore.Open(Disk, Options.Store, randomness.NewMemberId);
        _driver = new ReplicaDriver(Options, store, Machine, randomness, randomness.NewMemberId, cluster.Now);
        Id = store.Self;
        int incarnation = ++Incarnation;
        Tick(incarnation);
        cluster.IntroduceRegularly(this, incarnation);
    }

    /// <summary>Power fails: the process is gone and unsynced writes are kept, lost or torn.</summary>
    public void Crash()
    {
        Stop();
        Disk.Crash(cluster.Choose);
    }

    /// <summary>The process is gone; the machine goes on.</summary>
    public void Stop()
    {
        _driver = null;
        Incarnation++;
    }

    public void Wipe()
    {
        Stop();
        Disk = new SimulatedDisk();
    }

    /// <summary>The process stands still; what arrives meanwhile waits.</summary>
    public void Pause(TimeSpan duration) => _pausedUntil = cluster.Now + duration;

    /// <summary>What is written in this time is done only after it, as on a device that hangs.</summary>
    public void StallDisk(TimeSpan duration) => _stalledUntil = cluster.Now + duration;

    public ulong Propose(string command)
    {
        ulong token = ++_tokens;
        Take(ReplicaEvent.Proposal(token, Encoding.UTF8.GetBytes(command)));
        return token;
    }

    public ulong Read()
    {
        ulong token = ++_tokens;
        Take(ReplicaEvent.Read(token));
        return token;
    }

    public ulong ChangeMembership(Func<Membership, Membership> change)
    {
        ulong token = ++_tokens;
        Take(ReplicaEvent.MembershipChange(token, change));
        return token;
    }

    public ulong Transfer(MemberId to)
    {
        ulong token = ++_tokens;
        Take(ReplicaEvent.Transfer(token, to));
        return token;
    }

    public void Take(ReplicaEvent e)
    {
        if (_driver is null)
            return;
        if (cluster.Now < _pausedUntil)
        {
            int incarnation = Incarnation;
            cluster.At(_pausedUntil - cluster.Now, () =>
            {
                if (incarnation == Incarnation)
                    Take(e);
            });
            return;
        }

        _driver.Handle(e, cluster.Now);
        _driver.Settle(_effects);
        ReplicaEffect[] effects = [.. _effects];
        _effects.Clear();
        foreach (ReplicaEffect effect in effects)
            CarryOut(effect);
    }

    private void Tick(int incarnation)
    {
        if (incarnation != Incarnation)
            return;
        Take(ReplicaEvent.Time());
        cluster.At(Options.Tick, () => Tick(incarnation));
    }

    private void CarryOut(in ReplicaEffect effect)
    {
        int incarnation = Incarnation;
        switch (effect.Kind)
        {
            case ReplicaEffectKind.Send:
                cluster.Deliver(this, effect.Message);
                break;
            case ReplicaEffectKind.Disk:
                DiskBatch batch = effect.Batch;
                cluster.AfterDisk(_stalledUntil, () =>
                {
                    if (incarnation == Incarnation)
                        Take(batch.Execute(Disk) is { } failure ? ReplicaEvent.DiskFailed(batch.Lane, failure) : ReplicaEvent.DiskCompleted(batch.Lane));
                });
                break;
            case ReplicaEffectKind.CompleteProposal:
                Proposals.Add(effect.Token, effect.Proposal);
                break;
            case ReplicaEffectKind.CompleteRead:
                Reads.Add(effect.Token, new ReadResult(effect.Index));
                break;
            case ReplicaEffectKind.CompleteTransfer:
                Transfers.Add(effect.Token, effect.Succeeded);
                break;
            case ReplicaEffectKind.EncodeSnapshot:
                Snapshot snapshot = new(effect.Metadata!, effect.Capture.Encode());
                cluster.AfterDisk(() =>
                {
                    if (incarnation == Incarnation)
                        Take(ReplicaEvent.SnapshotEncoded(snapshot));
                });
                break;
            case ReplicaEffectKind.Note:
                Notes.Add(effect.Text);
                break;
            case ReplicaEffectKind.Fatal:
                FatalReason = effect.Text;
                Stop();
                break;
        }
    }
}
