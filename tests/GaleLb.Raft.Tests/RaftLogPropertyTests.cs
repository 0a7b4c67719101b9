using GaleLb.Raft.Tests.Harness;

namespace GaleLb.Raft.Tests;

/// <summary>The log against one that keeps every entry in a plain list and counts positions the slow way, over seeded schedules.</summary>
public sealed class RaftLogPropertyTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void AnySchedule_AgreesWithPlainLog(int seed)
    {
        var random = new Random(seed);
        for (int run = 0; run < 200; run++)
            RunSchedule(random, steps: 120);
    }

    private static void RunSchedule(Random random, int steps)
    {
        var log = new RaftLog(LogIndex.Zero, Term.Zero, []);
        var plain = new PlainLog();
        for (int step = 0; step < steps; step++)
        {
            Act(random, log, plain);
            plain.ShouldAgreeWith(log, random);
        }
    }

    private static void Act(Random random, RaftLog log, PlainLog plain)
    {
        switch (random.Next(8))
        {
            case 0 or 1 or 2:
                ulong term = plain.LastTerm + (random.Next(4) == 0 ? 1UL : 0);
                Entry entry = TestCluster.Command(plain.LastIndex + 1, Math.Max(1, term));
                log.Append(entry);
                plain.Entries.Add(entry);
                break;
            case 3:
                var last = new LogIndex(plain.Commit + (ulong)random.NextInt64((long)(plain.LastIndex - plain.Commit) + 1));
                log.TruncateAfter(last);
                plain.Truncate(last.Value);
                break;
            case 4:
                ulong commit = plain.Commit + (ulong)random.NextInt64((long)(plain.LastIndex - plain.Commit) + 1);
                log.AdvanceCommit(new LogIndex(commit));
                plain.Commit = commit;
                break;
            case 5:
                log.TakeUnemitted().Select(e => (e.Index, e.Term)).Should().Equal(plain.TakeUnemitted());
                ulong stable = Math.Min(plain.Emitted, plain.Stable + (ulong)random.Next(5));
                log.AdvanceStable(new LogIndex(stable));
                plain.Stable = stable;
                break;
            case 6:
                log.TakeDeliverable().Select(e => (e.Index, e.Term)).Should().Equal(plain.TakeDeliverable());
                break;
            default:
                ulong index = plain.Base + (ulong)random.NextInt64((long)(plain.Delivered - plain.Base) + 1);
                log.Compact(new LogIndex(index));
                plain.Base = index;
                break;
        }
    }

    private sealed class PlainLog
    {
        public List<Entry> Entries { get; } = [];
        public ulong Base { get; set; }
        public ulong Commit { get; set; }
        public ulong Stable { get; set; }
        public ulong Emitted { get; private set; }
        public ulong Delivered { get; private set; }
        public ulong LastIndex => (ulong)Entries.Count;
        public ulong LastTerm => TermAt(LastIndex);

        public void Truncate(ulong last)
        {
            Entries.RemoveRange((int)last, Entries.Count - (int)last);
            Stable = Math.Min(Stable, last);
            Emitted = Math.Min(Emitted, last);
        }

        public List<(LogIndex Index, Term Term)> TakeUnemitted()
        {
            List<(LogIndex Index, Term Term)> taken = Range(Emitted, LastIndex);
            Emitted = LastIndex;
            return taken;
        }

        public List<(LogIndex Index, Term Term)> TakeDeliverable()
        {
            ulong last = Math.Max(Delivered, Math.Min(Commit, Stable));
            List<(LogIndex Index, Term Term)> taken = Range(Delivered, last);
            Delivered = last;
            return taken;
        }

        public void ShouldAgreeWith(RaftLog log, Random random)
        {
            (log.LastIndex.Value, log.LastTerm.Value, log.Commit.Value, log.Stable.Value, log.BaseIndex.Value)
                .Should().Be((LastIndex, LastTerm, Commit, Stable, Base));
            ulong index = (ulong)random.NextInt64((long)LastIndex + 3);
            bool retained = index >= Base && index <= LastIndex;
            log.TryTermAt(new LogIndex(index), out Term term).Should().Be(retained);
            if (retained)
                term.Value.Should().Be(TermAt(index));
            ulong asked = (ulong)random.NextInt64((long)LastTerm + 2);
            ulong from = Math.Min(Math.Max(index, Base), LastIndex);
            log.LastAtMost(new LogIndex(from), new Term(asked)).Value.Should().Be(SlowLastAtMost(from, asked));
        }

        private ulong SlowLastAtMost(ulong from, ulong term)
        {
            while (from > Base && TermAt(from) > term)
                from--;
            return from;
        }

        private List<(LogIndex Index, Term Term)> Range(ulong after, ulong last) =>
            [.. Entries.Where(e => e.Index.Value > after && e.Index.Value <= last).Select(e => (e.Index, e.Term))];

        private ulong TermAt(ulong index) => index == 0 ? 0 : Entries[(int)index - 1].Term.Value;
    }
}
