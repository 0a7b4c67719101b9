using System.Collections.Immutable;
using System.Text;
using GaleLb.Raft;
using GaleLb.Replica.Founding;
using GaleLb.Replica.Storage;
using GaleLb.TestKit;

namespace GaleLb.Replica.Tests;

/// <summary>The executor with real files and the real clock: what the pure tests cannot show is that it wires the driver up rightly.</summary>
public sealed class RaftReplicaTests : IAsyncDisposable
{
    private static readonly ImmutableArray<string> List = ["10.0.0.1:9090", "10.0.0.2:9090", "10.0.0.3:9090"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _root = Directory.CreateTempSubdirectory("galelb-replica-").FullName;
    private readonly LocalCluster _cluster = new();

    [Fact]
    public async Task ProposeAsync_ThreeReplicas_CommittedAndAppliedEverywhere()
    {
        await StartAsync(3);
        RaftReplica leader = await LeaderAsync();

        ProposalResult result = await leader.ProposeAsync("one"u8.ToArray(), CancellationToken.None).WaitAsync(Patience);

        result.Outcome.Should().Be(ProposalOutcome.Committed);
        BitConverter.ToInt32(result.Answer.Span).Should().Be(1);
        foreach (LocalReplica replica in _cluster.Replicas)
        {
            await replica.Replica.ReadBarrierAsync(CancellationToken.None).WaitAsync(Patience);
            await replica.Observer.AppliedAsync(result.Index).WaitAsync(Patience);
            replica.Machine.Commands.Should().Equal("one");
        }
    }

    [Fact]
    public async Task Applied_WhenTold_StandsInTheStatus()
    {
        await using RaftReplica replica = RaftReplica.Open(
            new ReplicaOptions { Address = List[0], Addresses = List[..1], Founding = new FoundingOptions { Grace = TimeSpan.Zero } },
            FileDisk.Open(Path.Combine(_root, "0")), new RecordingMachine(), TimeProvider.System, new SystemRandomness());
        StatusReader reader = new(replica);

        replica.Start(new Nowhere(), reader);

        (LogIndex told, ReplicaStatus status) = await reader.First.Task.WaitAsync(Patience);
        status.AppliedIndex.Should().Be(told);
        status.Role.Should().Be(RaftRole.Leader, "who waits to be told need not look again");
    }

    [Fact]
    public async Task Open_AfterDispose_GoesOnWhereItStopped()
    {
        await StartAsync(1);
        RaftReplica first = await LeaderAsync();
        await first.ProposeAsync("kept"u8.ToArray(), CancellationToken.None).WaitAsync(Patience);
        MemberId self = first.Self;
        await _cluster.StopAsync();

        await StartAsync(1);
        RaftReplica second = await LeaderAsync();
        ReadResult read = await second.ReadBarrierAsync(CancellationToken.None).WaitAsync(Patience);

        second.Self.Should().Be(self);
        read.Index.Should().NotBeNull();
        _cluster.Replicas[0].Machine.Commands.Should().Equal("kept");
    }

    [Fact]
    public async Task Apply_WhatThisProgramCannotFollow_EndsInTheMachinesWords()
    {
        await StartAsync(1);
        RaftReplica leader = await LeaderAsync();

        _ = leader.ProposeAsync(Encoding.UTF8.GetBytes(RecordingMachine.Beyond), CancellationToken.None);

        (await leader.Fatal.WaitAsync(Patience)).Should().Be("Install a newer release.");
    }

    [Fact]
    public async Task Open_DirectoryInUse_RefusedInWords()
    {
        await StartAsync(1);

        Action open = () => FileDisk.Open(Path.Combine(_root, "0"));

        open.Should().Throw<StorageException>().Where(e => e.Fault == StorageFault.Locked && e.Message.Contains("in use by another process"));
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.StopAsync();
        Directory.Delete(_root, recursive: true);
    }

    private async Task StartAsync(int count)
    {
        for (int i = 0; i < count; i++)
        {
            ReplicaOptions options = new()
            {
                Address = List[i],
                Addresses = List[..count],
                Founding = new FoundingOptions { Grace = TimeSpan.FromMilliseconds(100) },
            };
            _cluster.Add(options, FileDisk.Open(Path.Combine(_root, i.ToString())));
        }

        _cluster.Start();
        await Task.CompletedTask;
    }

    private async Task<RaftReplica> LeaderAsync() => await _cluster.LeaderAsync().WaitAsync(Patience);

    private sealed class StatusReader(RaftReplica replica) : IReplicaObserver
    {
        public TaskCompletionSource<(LogIndex Told, ReplicaStatus Status)> First { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Applied(LogIndex index) => First.TrySetResult((index, replica.Status));

        public void Noted(string text)
        {
        }
    }

    private sealed class Nowhere : IPeerTransport
    {
        public void Send(Message message)
        {
        }
    }
}
