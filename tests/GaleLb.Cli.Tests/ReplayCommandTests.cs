using System.Security.Cryptography;
using System.Text.Json;
using GaleLb.State;
using GaleLb.State.Forwarding;
using GaleLb.State.Snapshots;

namespace GaleLb.Cli.Tests;

/// <summary>galectl replay on directories that the replica's own storage wrote.</summary>
public sealed class ReplayCommandTests : IDisposable
{
    private readonly ReplicaDirectory _directory = ReplicaDirectory.WithNineEntries();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(8)]
    [InlineData(9)]
    public async Task Replay_ToAnIndex_HasTheDigestsThatTheReplicaHad(int index)
    {
        GalectlRun run = await GalectlRun.OfAsync("replay", _directory.Path, "--to", $"{index}", "-o", "json");

        run.ExitCode.Should().Be(0);
        Digests(run).Should().Be(DigestsOf(_directory.States[index]));
    }

    [Theory]
    [InlineData(9)]
    [InlineData(10)]
    public async Task Replay_BehindASnapshot_HasTheDigestsThatTheReplicaHad(int index)
    {
        _directory.Snapshot();
        _directory.Append(Raft.EntryKind.Empty, []);

        GalectlRun run = await GalectlRun.OfAsync("replay", _directory.Path, "--to", $"{index}", "-o", "json");

        Digests(run).Should().Be(DigestsOf(_directory.States[index]));
    }

    [Fact]
    public async Task Replay_WithoutAnIndex_ShowsTheLastOneAndWarnsThatItMayNotBeCommitted()
    {
        GalectlRun run = await GalectlRun.OfAsync("replay", _directory.Path);

        (_, string state, string table) = DigestsOf(_directory.States[9]);
        run.Lines.Should().ContainInOrder(
            "member 0000000000000007", "term 2", "applied index 9", $"state digest {state}", $"table digest {table}", "services", "nodes");
        run.Lines.Should().Contain(l => l.StartsWith("node-1 ", StringComparison.Ordinal) && l.Contains("draining", StringComparison.Ordinal));
        run.Error.Should().StartWith("galectl: index 9 may not be committed: there is no snapshot yet");
    }

    [Fact]
    public async Task Replay_OfWhatASnapshotCovers_WarnsOfNothing()
    {
        _directory.Snapshot();

        (await GalectlRun.OfAsync("replay", _directory.Path)).Error.Should().BeEmpty();
    }

    [Fact]
    public async Task Replay_OfAnyDirectory_LeavesItAsItIs()
    {
        Tear();
        var before = _directory.Contents();
        Directory.EnumerateFileSystemEntries(_directory.Path).Should().Contain(f => f.EndsWith("/lock", StringComparison.Ordinal));
        File.Delete(Path.Combine(_directory.Path, "lock"));

        (await GalectlRun.OfAsync("replay", _directory.Path)).ExitCode.Should().Be(0);

        _directory.Contents().Should().Equal(before);
        File.Exists(Path.Combine(_directory.Path, "lock")).Should().BeFalse();
    }

    [Fact]
    public async Task Replay_OfATornTail_TellsItAndShowsWhatIsWhole()
    {
        Tear();

        GalectlRun run = await GalectlRun.OfAsync("replay", _directory.Path, "-o", "json");

        Digests(run).Should().Be(DigestsOf(_directory.States[9]));
        run.Error.Should().Contain("the log's last write is torn: 5 bytes behind index 9 are left out");
    }

    [Fact]
    public async Task Replay_OfADamagedLog_NamesFileAndOffset()
    {
        string first = Path.Combine(_directory.Path, "wal-0000000000000001");
        byte[] bytes = File.ReadAllBytes(first);
        const int firstRecord = 64, inItsPayload = firstRecord + 20;
        bytes[inItsPayload] ^= 1;
        File.WriteAllBytes(first, bytes);

        GalectlRun run = await GalectlRun.OfAsync("replay", _directory.Path);

        (run.ExitCode, run.Output).Should().Be((1, ""));
        run.Error.Should().StartWith($"galectl: {first} is damaged at byte 64: ").And.NotContain("refuses to start");
    }

    [Theory]
    [InlineData("10", "its log ends at 9")]
    [InlineData("0", "its log holds 1 to 9")]
    public async Task Replay_OutsideTheLog_SaysWhatIsThere(string index, string held)
    {
        GalectlRun run = await GalectlRun.OfAsync("replay", _directory.Path, "--to", index);

        (run.ExitCode, run.Error).Should().Be((1, $"galectl: index {index} is not in {_directory.Path}: {held}\n"));
    }

    [Fact]
    public async Task Replay_BeforeTheSnapshotThatReplacedTheLog_SaysWhatIsThere()
    {
        // Enough for whole segments to go.
        for (int i = 0; i < 30; i++)
            _directory.Append(Raft.EntryKind.Empty, []);
        _directory.Snapshot();
        _directory.Append(Raft.EntryKind.Empty, []);

        GalectlRun run = await GalectlRun.OfAsync("replay", _directory.Path, "--to", "3");

        (run.ExitCode, run.Error).Should().Be((1, $"galectl: index 3 is not in {_directory.Path}: it holds 39 to 40\n"));
    }

    [Fact]
    public async Task Replay_OfNoDirectory_SaysSo()
    {
        GalectlRun run = await GalectlRun.OfAsync("replay", _directory.Path + "-nowhere");

        (run.ExitCode, run.Error).Should().Be((1, $"galectl: there is no directory {_directory.Path}-nowhere\n"));
    }

    [Fact]
    public async Task Replay_OfAnotherDirectory_SaysWhatItMisses()
    {
        string other = Directory.CreateTempSubdirectory("galelb-replay-").FullName;
        GalectlRun run = await GalectlRun.OfAsync("replay", other);
        Directory.Delete(other);

        (run.ExitCode, run.Error).Should().Be((1, $"galectl: {other} is no data directory of a replica: it has no file identity\n"));
    }

    /// <summary>Leaves some bytes of a write that never finished behind the log.</summary>
    private void Tear()
    {
        string last = Directory.EnumerateFiles(_directory.Path, "wal-*").Order(StringComparer.Ordinal)
            .Last(f => File.ReadAllBytes(f).Any(b => b != 0));
        byte[] bytes = File.ReadAllBytes(last);
        int end = Array.FindLastIndex(bytes, b => b != 0) + 1;
        int next = (end + 7) & ~7;
        bytes.AsSpan(next, 5).Fill(0xEE);
        File.WriteAllBytes(last, bytes);
    }

    private static (int Index, string State, string Table) Digests(GalectlRun run)
    {
        using JsonDocument document = JsonDocument.Parse(run.Output);
        JsonElement root = document.RootElement;
        return (root.GetProperty("applied_index").GetInt32(), root.GetProperty("state_digest").GetString()!, root.GetProperty("table_digest").GetString()!);
    }

    private static (int Index, string State, string Table) DigestsOf(ClusterState state) => (
        (int)state.AppliedIndex.Value, Convert.ToHexStringLower(SHA256.HashData(StateSnapshotCodec.Encode(state))),
        ForwardingTableBuilder.Derive(state).Digest);
}
