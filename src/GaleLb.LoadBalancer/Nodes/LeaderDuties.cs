using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using GaleLb.LoadBalancer.Cluster;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.LoadBalancer.Peers;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.Rpc;
using GaleLb.Rpc.Client;
using GaleLb.Rpc.V1;
using GaleLb.State;
using GaleLb.State.Commands;

namespace GaleLb.LoadBalancer.Nodes;

/// <summary>
/// What the leader alone does: founds the state of a new cluster, raises its version once all members can follow, asks the others
/// whom they heard, and proposes what the health judge decides. Nothing here is needed for safety: two leaders would propose the same, and apply judges again.
/// </summary>
internal sealed class LeaderDuties(
    IReplica replica, ClusterMachine machine, HealthDesk health, ObservationDesk observations, OrderDesk orders, PeerNetwork network,
    PeerDirectory directory, FileSettings file, Introductions introductions, TimeProvider time, ILogger<LeaderDuties> log)
    : PeriodicWork(TimeSpan.FromMilliseconds(50), time, log)
{
    private static readonly TimeSpan LastHeardTimeout = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan ProposalTimeout = TimeSpan.FromSeconds(2);

    /// <summary>The term in which this replica has taken up its duties; null while it does not lead.</summary>
    private Term? _inOffice;

    /// <summary>The staged settings whose turn was proposed last: a refusal of the switch is told once, not twenty times a second.</summary>
    private LogIndex _switched;

    protected override async ValueTask RoundAsync(CancellationToken stop)
    {
        ReplicaStatus status = replica.Status;
        if (status.Role != RaftRole.Leader)
        {
            if (_inOffice is not null)
                health.Resign();
            _inOffice = null;
            return;
        }
        if (_inOffice != status.Term && !await TakeOfficeAsync(status.Term, stop))
            return;
        if (!machine.State.IsFounded)
        {
            await ProposeAsync(Bootstrap(), stop);
            return;
        }
        if (StateVersions.Due(machine.State, machine.VersionMax, status.Membership, status.Self, directory) is { } version)
            await ProposeAsync(new RaiseStateVersion(version), stop);
        if (machine.State.Staged is { } staged && staged.Index != _switched && IsStagedEverywhere(status.Membership))
            await SwitchAsync(staged.Index, stop);
        ImmutableArray<Command> decided = health.Decide();
        foreach (Command[] batch in decided.Chunk(Batch.CommandsMax))
            await ProposeAsync(batch.Length == 1 ? batch[0] : new Batch([.. batch]), stop);
    }

    /// <summary>Every voter that there is runs by a file that says what is staged.</summary>
    private bool IsStagedEverywhere(Membership membership)
    {
        string? staged = introductions.Agreed?.Staged;
        return staged is { Length: > 0 } && file.Digest == staged
            && membership.Members.All(m => m.Role != MemberRole.Voter || m.Vacant || m.Id == network.Self || network.ConfigDigestOf(m.Id) == staged);
    }

    private async Task SwitchAsync(LogIndex staged, CancellationToken stop)
    {
        if (await SubmitAsync(new SwitchSettings(staged), stop) is not { } answer)
            return;
        _switched = staged;
        if (answer.IsOk)
            Log.LogInformation("All voters have the staged settings of entry {Staged}: the cluster goes by them from entry {Index}", staged, answer.Index);
        else
            Log.LogError("All voters have the staged settings of entry {Staged}, but they cannot be put in force: {Reason}", staged, answer.Message);
    }

    /// <summary>A leader may judge only once it has applied all that earlier ones committed.</summary>
    private async Task<bool> TakeOfficeAsync(Term term, CancellationToken stop)
    {
        using CancellationTokenSource timeout = CancellationTokenSource.CreateLinkedTokenSource(stop);
        timeout.CancelAfter(ProposalTimeout);
        try
        {
            if ((await replica.ReadBarrierAsync(timeout.Token)).Index is null || replica.Status.Term != term)
                return false;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // No majority confirms it in time, which is no defect: the next round asks again.
            return false;
        }
        LastHeardResponse?[] others = await AskOthersAsync(term, stop);
        health.TakeOffice(others.OfType<LastHeardResponse>().Append(observations.LastHeardHere()), complete: !others.Contains(null));
        _inOffice = term;
        return true;
    }

    private async Task<LastHeardResponse?[]> AskOthersAsync(Term term, CancellationToken stop)
    {
        RpcMetadata metadata = new();
        metadata.Add(PeerLink.MemberHeader, network.Self.ToString());
        return await Task.WhenAll(network.Links.Select<PeerLink, Task<LastHeardResponse?>>(async link =>
        {
            try
            {
                return await link.Client.LastHeardAsync(
                    new LastHeardRequest { Term = term.Value }, new RpcCallOptions(LastHeardTimeout, metadata, stop));
            }
            catch (RpcException error)
            {
                // Its nodes get a full checks_timeout instead.
                Log.LogInformation("Replica {Address} did not say whom it heard: {Status}", link.Address, error.Status);
                return null;
            }
        }));
    }

    private async Task ProposeAsync(Command command, CancellationToken stop)
    {
        if (await SubmitAsync(command, stop) is not { } answer)
        {
            health.Lost(command is Batch batch ? batch.Commands : [command]);
            return;
        }
        foreach (CommandAnswer refused in answer.Items.Append(answer).Where(a => !a.IsOk))
            Log.LogInformation("Entry {Index}: a decision was void: {Reason}", answer.Index, refused.Message);
    }

    /// <summary>Null when it was not committed, as far as is known; the next round then decides anew.</summary>
    private async Task<CommandAnswer?> SubmitAsync(Command command, CancellationToken stop)
    {
        using CancellationTokenSource timeout = CancellationTokenSource.CreateLinkedTokenSource(stop);
        timeout.CancelAfter(ProposalTimeout);
        ProposalResult result = await orders.ProposeHereAsync(CommandCodec.Encode(new CommandEnvelope(command)), timeout.Token);
        if (result.Outcome == ProposalOutcome.Committed)
            return CommandAnswerCodec.Decode(result.Answer.Span);
        Log.LogWarning("A decision was not committed ({Outcome}); it is made again", result.Outcome);
        return null;
    }

    private Bootstrap Bootstrap()
    {
        Span<byte> random = stackalloc byte[16];
        RandomNumberGenerator.Fill(random);
        ClusterId id = new(BinaryPrimitives.ReadUInt64LittleEndian(random) | 1);
        return new Bootstrap(id, BinaryPrimitives.ReadUInt64LittleEndian(random[8..]), file.Cluster);
    }
}
