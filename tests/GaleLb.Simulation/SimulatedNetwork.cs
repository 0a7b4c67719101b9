using GaleLb.Raft;
using GaleLb.Simulation.Faults;

namespace GaleLb.Simulation;

/// <summary>Loses, repeats, delays and so reorders messages, over directed links that may be cut one by one.</summary>
internal sealed class SimulatedNetwork(EventQueue events, SimulationRandom random, FaultProfile profile, Action<Message> deliver)
{
    private readonly HashSet<(MemberId From, MemberId To)> _cut = [];

    public bool Faulty { get; set; } = true;
    public long Sent { get; private set; }

    public void Send(Message message)
    {
        Sent++;
        if (!IsOpen(message.From, message.To) || (Faulty && random.Chance(profile.Loss)))
            return;
        Plan(message);
        if (Faulty && random.Chance(profile.Duplication))
            Plan(message);
    }

    public bool IsOpen(MemberId from, MemberId to) => !_cut.Contains((from, to));

    public void CutOneWay(MemberId from, MemberId to) => _cut.Add((from, to));

    public void Heal() => _cut.Clear();

    private void Plan(Message message)
    {
        long delay = random.Between(profile.DelayMin, Faulty ? profile.DelayMax : profile.DelayMin * 3);
        if (Faulty && random.Chance(profile.LongDelay))
            delay += random.Between(0, 2_000_000);

        // A link that is cut while a message is under way loses it too.
        events.After(delay, () =>
        {
            if (IsOpen(message.From, message.To))
                deliver(message);
        });
    }
}
