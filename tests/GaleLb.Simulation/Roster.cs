using GaleLb.Raft;
using GaleLb.Simulation.Faults;
using GaleLb.Simulation.Replicas;

namespace GaleLb.Simulation;

/// <summary>The replicas of a run, those that are gone for good included.</summary>
internal sealed class Roster(World world, IMemberFactory factory)
{
    private readonly SortedDictionary<MemberId, SimulatedMember> _members = [];
    private Membership _initial = Membership.Empty;
    private ulong _nextId = 1;
    private MemberId _latecomer;

    /// <summary>Replicas without a cluster found one by themselves.</summary>
    public bool IsSelfFounding => factory.IsSelfFounding;

    public IEnumerable<SimulatedMember> All => _members.Values;
    public IEnumerable<SimulatedMember> Up => _members.Values.Where(m => m.IsUp);

    /// <summary>The leader of the latest term that is up, if any.</summary>
    public SimulatedMember? Leader => Up.Where(m => m.Role == RaftRole.Leader).MaxBy(m => m.Term);

    public SimulatedMember? Find(MemberId id) => _members.GetValueOrDefault(id);

    /// <summary>One that shows when the others are there already, at the vacant seat or at none.</summary>
    public bool IsLatecomer(SimulatedMember member) => member.Id == _latecomer;

    public void Begin()
    {
        int voters = world.Profile.Voters;
        int vacant = world.Profile.VacantSeat && voters >= 3 ? 1 : 0;
        List<string> addresses = [.. Enumerable.Range(1, voters).Select(AddressOf)];
        _initial = new Membership(addresses.Select((a, i) => new Member(NewId(), a, MemberRole.Voter, i >= voters - vacant)));
        foreach (Member member in _initial.Members.Where(m => !m.Vacant))
            Add(member.Id, member.Address, world.Profile.Founding || factory.IsSelfFounding ? null : _initial, addresses);
        if (vacant > 0 || voters < 3)
            _latecomer = Add(NewId(), AddressOf(voters - vacant + 1), null, addresses).Id;
    }

    /// <summary>Some empty member tries to found the cluster, as its caller would after having met the others.</summary>
    public void FoundSomewhere()
    {
        if (factory.IsSelfFounding || Up.Any(m => m.LastIndex > LogIndex.Zero))
            return;
        List<SimulatedMember> candidates = [.. Up.Where(m => _initial.IsVoter(m.Id))];
        if (candidates.Count < _initial.Quorum)
            return;
        SimulatedMember founder = world.Random.Pick(candidates);
        World.Guard(founder, () => founder.Found(_initial));
    }

    public void Revive(SimulatedMember member)
    {
        if (!member.IsUp && !member.IsDead)
            world.Boot(member);
    }

    /// <summary>
    /// Wipes a directory for good; its replica comes back at the same address as a stranger. Only while every configuration that
    /// anybody holds keeps a living majority without it.
    /// </summary>
    public void WipeOne()
    {
        // One whose list is itself alone founds a cluster of its own when it comes back, as it was told to.
        List<SimulatedMember> living = [.. All.Where(m => !m.IsDead)];
        if (living.Exists(m => !m.IsUp) || (factory.IsSelfFounding && _initial.Members.Length == 1))
            return;
        SimulatedMember victim = world.Random.Pick(living);
        if (!living.TrueForAll(m => LivingVoters(m.Membership, without: victim.Id) >= m.Membership.Quorum))
            return;
        if (victim.Membership.IsEmpty)
            return;
        world.Trace(victim, "is wiped");
        if (world.Bug == PlantedBug.AmnesiacMember && victim is CoreMember core)
        {
            World.Guard(victim, core.ComeBackWithAmnesia);
            return;
        }
        victim.Crash();
        victim.IsDead = true;
        world.Boot(Add(NewId(), victim.Address, null, [.. _initial.Members.Select(m => m.Address)]));
    }

    /// <summary>
    /// A disk loses something while its replica is down. The machine runs on: what stands unsynced behind a batch to tell that
    /// it was durable is lost only together with power. Only on a minority at once: of every configuration that anybody holds
    /// a majority stays that lost nothing.
    /// </summary>
    public void DamageOne()
    {
        List<SimulatedMember> living = [.. All.Where(m => !m.IsDead)];
        if (living.Exists(m => !m.IsUp))
            return;
        SimulatedMember victim = world.Random.Pick(living);
        if (victim.LastIndex == LogIndex.Zero || !living.TrueForAll(m => LivingVoters(m.Membership, without: victim.Id) >= m.Membership.Quorum))
            return;
        world.Ended(victim, "is killed, and its disk damaged", processOnly: true);
        victim.Damage();
        victim.IsDamaged = true;
    }

    /// <summary>How many voters have all that they ever had.</summary>
    public int LivingVoters(Membership membership, MemberId without = default) =>
        membership.Voters.Count(id => id != without && Find(id) is { IsDead: false } member && !HasLost(member));

    /// <summary>
    /// No vote can be won (docs/decisions/0009): some log may lack what it acknowledged, and of the configurations that anybody
    /// holds none has a quorum of voters with complete logs, nor only voters that may grant.
    /// </summary>
    public bool LacksCompleteLogs => Leader is null && Up.Any(m => m.Loss != LogLoss.None) && !Up.Any(m => !m.Membership.IsEmpty && CanElect(m.Membership));

    private bool CanElect(Membership membership) =>
        membership.Voters.Count(id => Find(id) is { IsUp: true, Loss: LogLoss.None }) >= membership.Quorum
        || membership.Voters.All(id => Find(id) is { IsUp: true } voter && voter.Loss != LogLoss.Certain);

    private static bool HasLost(SimulatedMember member)
    {
        if (member.IsUp && member.Loss == LogLoss.None)
            member.IsDamaged = false;
        return member.IsDamaged;
    }

    private static string AddressOf(int seat) => $"10.0.0.{seat}:9090";

    private SimulatedMember Add(MemberId id, string address, Membership? initial, IReadOnlyList<string> addresses)
    {
        SimulatedMember member = factory.Create(id, address, initial, addresses, world);
        _members.Add(id, member);
        return member;
    }

    private MemberId NewId() => new(_nextId++);
}
