using GaleLb.Raft;
using GaleLb.Simulation.Faults;

namespace GaleLb.Simulation.Replicas;

/// <content>The planted bugs: each changes what passes between the core and its caller, or reaches into the core as its own code could.</content>
internal sealed partial class CoreMember
{
    private byte[] _captureBefore = [];
    private bool _appliedOnce;

    private void PlantAtStart()
    {
        if (Host.Bug is PlantedBug.ForgetVote or PlantedBug.ForgetTerm)
            _disk.ForgetVote(termToo: Host.Bug == PlantedBug.ForgetTerm);
        if (Host.Bug == PlantedBug.LossNotNoticed)
            _disk.Recovered();
        _captureBefore = [];
        _appliedOnce = Incarnation == 1;
    }

    private void PlantOnApply(Entry entry)
    {
        if (Host.Bug == PlantedBug.ApplyAgainAfterRestart && !_appliedOnce)
            _machine.Apply(entry);
        _appliedOnce = true;
    }

    /// <summary>The wiped directory keeps its id, as if ids were names.</summary>
    public void ComeBackWithAmnesia()
    {
        Crash();
        _disk.Wipe();
        Start();
    }

    private Message PlantOnSend(Message message) => (Host.Bug, message) switch
    {
        (PlantedBug.InflateLastLog, VoteRequest request) =>
            request with { LastIndex = new LogIndex(request.LastIndex.Value + 5), LastTerm = request.Term },
        (PlantedBug.CommitUnmatched, HeartbeatRequest request) => request with { Commit = Commit },
        (PlantedBug.RecoverAtOnce, HeartbeatRequest request) => request with { RecoveryTarget = LogIndex.Zero },
        _ => message,
    };

    /// <summary>False: the message is lost on its way into the core.</summary>
    private bool PlantOnReceive(ref Message message)
    {
        switch (Host.Bug, message)
        {
            case (PlantedBug.CommitUnmatched, HeartbeatRequest request):
                message = request with { Commit = request.Commit < LastIndex ? request.Commit : LastIndex };
                break;
            case (PlantedBug.SkipPreviousCheck, AppendRequest append) when TryTermAt(append.PreviousIndex, out Term own):
                if (append.Entries.IsEmpty || append.Entries[0].Term >= own)
                    message = append with { PreviousTerm = own };
                break;
            case (PlantedBug.TruncateOnEveryAppend, AppendRequest append) when append.Term == Term:
                LogIndex last = new(append.PreviousIndex.Value + (ulong)append.Entries.Length);
                if (Role == RaftRole.Follower && last >= Commit && last < LastIndex)
                    Core.TruncateAfter(last);
                break;
            case (PlantedBug.NeverBacktrack, AppendResponse { Accepted: false }):
            case (PlantedBug.LoseSnapshotTail, SnapshotChunk { Offset: > 0 }):
                return false;
        }
        return true;
    }

    private void PlantAfterStep()
    {
        if (Role != RaftRole.Leader)
            return;
        if (Host.Bug == PlantedBug.CommitEarlierTermByCounting)
            CommitEarlierTerm();
        else if (Host.Bug == PlantedBug.ReadWithoutQuorum)
            ConfirmReadsAlone();
    }

    private void CommitEarlierTerm()
    {
        LogIndex index = Core.QuorumIndex();
        if (index > Commit && TryTermAt(index, out Term term) && term < Term)
            Core.CommitUpTo(index);
    }

    private void ConfirmReadsAlone()
    {
        foreach (MemberId voter in Membership.Voters)
            if (voter != Id && Host.Random.Next(4) == 0)
                Core.Step(new HeartbeatResponse(voter, Id, Term, ulong.MaxValue));
    }

    private bool PlantOnPropose(ulong order, ReadOnlyMemory<byte> payload, ProposalTicket ticket)
    {
        if (Host.Bug == PlantedBug.ProposeTwice && Host.Random.Next(50) == 0)
            Core.Propose(payload);
        if (Host.Bug != PlantedBug.AcknowledgeAtAppend)
            return false;
        Host.OrderCompleted(order, OrderOutcome.Acknowledged, ticket.Index);
        return true;
    }

    private void PlantMembership(Membership next)
    {
        if (Role != RaftRole.Leader)
            return;
        var half = new Membership(next.Members.Where(m => m.Id == Id || Host.Random.Next(2) == 0));
        if (half.IsVoter(Id))
            Core.AppendOwn(EntryKind.Membership, MembershipCodec.Encode(half));
    }

    private byte[] PlantedCapture()
    {
        byte[] capture = _machine.Capture();
        byte[] before = _captureBefore.Length == 0 ? capture : _captureBefore;
        _captureBefore = capture;
        return Host.Bug == PlantedBug.SnapshotOneBehind ? before : capture;
    }
}
