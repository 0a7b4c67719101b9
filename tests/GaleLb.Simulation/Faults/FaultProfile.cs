namespace GaleLb.Simulation.Faults;

/// <summary>
/// Which faults a run has, and how many. Drawn by seed so that runs differ in kind (swarm testing): a run with everything at once
/// seldom gets deep, one with a few kinds does. Probabilities are per million, times in microseconds.
/// </summary>
internal sealed class FaultProfile
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
        };
    }
}
