namespace GaleLb.Simulation.Faults;

/// <summary>
/// Which faults a run has, and how many. Drawn by seed so that runs differ in kind (swarm testing): a run with everything at once
/// seldom gets deep, one with a few kinds does. Probabilities are per million, times in microseconds.
/// </summary>
internal sealed record FaultProfile
{
    public required int Voters { get; init; }
    public required bool Founding { get; init; }
    public required bool VacantSeat { get; init; }
    public required int Loss { get; init; }
    public required int Duplication { get; init; }
    public required long DelayMin { get; init; }
    public required long DelayMax { get; init; }
    public required int LongDelay { get; init; }
    public required long FaultInterval { get; init; }
    public required long OrderInterval { get; init; }
    public required long AdminInterval { get; init; }
    public required int Partitions { get; init; }
    public required int Crashes { get; init; }
    public required int CrashBetweenEffects { get; init; }
    public required int Pauses { get; init; }
    public required int DiskStalls { get; init; }
    public required int DiskErrors { get; init; }
    public required int ClockChanges { get; init; }
    public required int Wipes { get; init; }
    public required int Membership { get; init; }
    public required int Transfers { get; init; }
    public required long DiskDelayMax { get; init; }
    public required int SnapshotEntries { get; init; }
    public required int TrailingEntries { get; init; }
    public required int ReadShare { get; init; }

    /// <summary>The core's bound on one append: 1 makes each entry travel alone.</summary>
    public required int AppendBytes { get; init; }

    /// <summary>How often a new leader is killed within moments of its election.</summary>
    public required int LeaderDeaths { get; init; }

    /// <summary>How often a disk loses what it held, on a minority at once.</summary>
    public required int Damage { get; init; }

    /// <summary>Reads under a lease; clocks then differ in rate by no more than the lease allows for.</summary>
    public required bool Leases { get; init; }

    /// <summary>How often a replica starts with a list of addresses that somebody has changed.</summary>
    public required int ListChanges { get; init; }

    /// <summary>The kinds of faults that this run has, by the names of <see cref="Without"/>.</summary>
    public IEnumerable<string> Kinds => Switches.Where(s => s.IsOn(this)).Select(s => s.Name);

    private static IReadOnlyList<(string Name, Func<FaultProfile, bool> IsOn, Func<FaultProfile, FaultProfile> Off)> Switches { get; } =
    [
        ("loss", p => p.Loss > 0, p => p with { Loss = 0 }),
        ("duplication", p => p.Duplication > 0, p => p with { Duplication = 0 }),
        ("long-delays", p => p.LongDelay > 0, p => p with { LongDelay = 0 }),
        ("partitions", p => p.Partitions > 0, p => p with { Partitions = 0 }),
        ("crashes", p => p.Crashes > 0, p => p with { Crashes = 0 }),
        ("crashes-between-effects", p => p.CrashBetweenEffects > 0, p => p with { CrashBetweenEffects = 0 }),
        ("leader-deaths", p => p.LeaderDeaths > 0, p => p with { LeaderDeaths = 0 }),
        ("pauses", p => p.Pauses > 0, p => p with { Pauses = 0 }),
        ("clocks", p => p.ClockChanges > 0, p => p with { ClockChanges = 0 }),
        ("disk-stalls", p => p.DiskStalls > 0, p => p with { DiskStalls = 0 }),
        ("disk-errors", p => p.DiskErrors > 0, p => p with { DiskErrors = 0 }),
        ("damage", p => p.Damage > 0, p => p with { Damage = 0 }),
        ("wipes", p => p.Wipes > 0, p => p with { Wipes = 0 }),
        ("membership", p => p.Membership > 0, p => p with { Membership = 0 }),
        ("transfers", p => p.Transfers > 0, p => p with { Transfers = 0 }),
        ("lists", p => p.ListChanges > 0, p => p with { ListChanges = 0 }),
        ("leases", p => p.Leases, p => p with { Leases = false }),
    ];

    /// <summary>The same profile without a kind of faults.</summary>
    /// <exception cref="FormatException">There is no such kind.</exception>
    public FaultProfile Without(string kind)
    {
        foreach ((string name, _, Func<FaultProfile, FaultProfile> off) in Switches)
            if (name == kind)
                return off(this);
        throw new FormatException($"--without {kind}: one of {string.Join(", ", Switches.Select(s => s.Name))} is expected.");
    }

    /// <param name="later">Draws what was added later, so that older seeds keep their runs.</param>
    public static FaultProfile Draw(SimulationRandom random, SimulationRandom later)
    {
        int Weight(int share, int max) => random.Next(100) < share ? 1 + random.Next(max) : 0;
        bool quietNetwork = random.Next(4) == 0;
        return new FaultProfile
        {
            Voters = random.Pick([1, 2, 3, 3, 3, 3, 4, 5, 5]),
            Founding = random.Next(3) == 0,
            VacantSeat = random.Next(3) == 0,
            Loss = quietNetwork ? 0 : random.Pick([0, 1_000, 20_000, 100_000, 250_000]),
            Duplication = quietNetwork ? 0 : random.Pick([0, 0, 10_000, 100_000]),
            DelayMin = 100,
            DelayMax = random.Pick([300L, 3_000, 20_000, 60_000]),
            LongDelay = random.Pick([0, 0, 2_000, 20_000]),
            FaultInterval = random.Pick([100_000L, 400_000, 1_500_000]),
            OrderInterval = random.Pick([1_000L, 5_000, 20_000]),
            AdminInterval = random.Pick([300_000L, 1_000_000]),
            Partitions = Weight(70, 10),
            Crashes = Weight(70, 10),
            CrashBetweenEffects = random.Pick([0, 0, 500, 5_000]),
            Pauses = Weight(40, 5),
            DiskStalls = Weight(40, 5),
            DiskErrors = Weight(30, 3),
            ClockChanges = Weight(40, 3),
            Wipes = Weight(40, 3),
            Membership = Weight(60, 5),
            Transfers = Weight(40, 3),
            DiskDelayMax = random.Pick([200L, 3_000, 30_000]),
            SnapshotEntries = random.Pick([20, 100, 1_000]),
            TrailingEntries = random.Pick([0, 5, 50]),
            ReadShare = random.Pick([0, 20, 50]),
            AppendBytes = random.Pick([1, 400, 400, 4_000]),
            LeaderDeaths = random.Pick([0, 0, 300_000, 800_000]),
            Damage = later.Pick([0, 0, 2, 8]),
            Leases = later.Next(3) == 0,
            ListChanges = later.Pick([0, 0, 200_000, 600_000]),
        };
    }
}
