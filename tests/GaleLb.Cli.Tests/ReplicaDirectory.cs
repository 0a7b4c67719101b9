using System.Collections.Immutable;
using System.Net;
using GaleLb.Raft;
using GaleLb.Replica.Storage;
using GaleLb.State;
using GaleLb.State.Blocks;
using GaleLb.State.Commands;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;
using GaleLb.State.Services;
using GaleLb.State.Settings;
using GaleLb.State.Snapshots;

namespace GaleLb.Cli.Tests;

/// <summary>A data directory as a replica writes it, and the states that this replica went through.</summary>
internal sealed class ReplicaDirectory : IDisposable
{
    private static readonly MemberId Self = new(7);
    private static readonly Membership Members = new([new Member(Self, "10.0.0.1:9090", MemberRole.Voter)]);
    private readonly FileDisk _disk;
    private readonly ReplicaStore _store;
    private readonly ClusterStateMachine _machine = new();
    private readonly List<DiskOperation> _operations = [];

    public ReplicaDirectory()
    {
        _disk = FileDisk.Open(Path);
        _store = ReplicaStore.Open(_disk, new StoreOptions { SegmentBytes = 1024 }, () => Self);
        _store.WriteHardState(new HardState(new Term(2), Self), _operations);
    }

    public string Path { get; } = Directory.CreateTempSubdirectory("galelb-replay-").FullName;

    /// <summary>By index, from 1 on.</summary>
    public List<ClusterState> States { get; } = [ClusterState.Empty];

    /// <summary>A founded cluster with two nodes and a block: nine entries.</summary>
    public static ReplicaDirectory WithNineEntries()
    {
        ServiceDefinition web = new("web", [], 8080, Protocol.Tcp, ForwardingMode.L4, HashPolicy.FiveTuple, 8080);
        ReplicaDirectory directory = new();
        directory.Append(EntryKind.Empty, []);
        directory.Order(new Bootstrap(new ClusterId(0xC1), 42, new ClusterSettings(new NodeHealthSettings(), [web])));
        directory.Order(new NodeRegister("node-1", LogIndex.Zero, At("10.0.0.11"), Serving: true));
        directory.Order(new NodeRegister("node-2", LogIndex.Zero, At("10.0.0.12"), Serving: true));
        directory.Order(new NodeRoutable("node-1", new LogIndex(3)));
        directory.Order(new NodeRoutable("node-2", new LogIndex(4)));
        directory.Order(new BlockClients(new ClientPrefix(IPAddress.Parse("192.0.2.0"), 24), null, "noise"));
        directory.Order(new DrainNode("node-1", Force: false));
        directory.Append(EntryKind.Empty, []);
        return directory;
    }

    public void Append(EntryKind kind, byte[] payload)
    {
        Entry entry = new(_machine.AppliedIndex.Next(), new Term(2), kind, payload);
        _machine.Apply(entry.Index, entry.Term, entry.Kind, entry.Payload);
        States.Add(_machine.Current);
        _store.Append([entry]);
        _store.Flush(_operations);
        if (_store.NeedsSpare)
        {
            _store.AllocateSpare(_operations);
            _store.SpareAllocated(succeeded: true);
        }

        Execute();
    }

    /// <summary>A snapshot of now; what it covers goes, as far as whole segments do.</summary>
    public void Snapshot()
    {
        Snapshot snapshot = new(
            new SnapshotMetadata(_machine.AppliedIndex, new Term(2), Members), StateSnapshotCodec.Encode(_machine.Current));
        _store.WriteSnapshot(snapshot, _operations);
        _store.RemoveCovered(snapshot.Metadata, _operations);
        Execute();
    }

    /// <summary>Every file with its bytes, but for the lock that the writer holds.</summary>
    public ImmutableSortedDictionary<string, string> Contents() => Directory.EnumerateFiles(Path)
        .Where(f => System.IO.Path.GetFileName(f) != "lock")
        .ToImmutableSortedDictionary(f => System.IO.Path.GetFileName(f), f => Convert.ToHexString(File.ReadAllBytes(f)), StringComparer.Ordinal);

    public void Dispose()
    {
        _disk.Dispose();
        Directory.Delete(Path, recursive: true);
    }

    private static NodeDescription At(string address) => new(1, IPAddress.Parse(address), 0, 100, []);

    private void Order(Command command) =>
        Append(EntryKind.Command, CommandCodec.Encode(new CommandEnvelope(command) { LogTime = new LogTime(10 * (long)_machine.AppliedIndex.Value) }));

    private void Execute()
    {
        foreach (DiskOperation operation in _operations)
            _disk.Execute(operation);
        _operations.Clear();
    }
}
