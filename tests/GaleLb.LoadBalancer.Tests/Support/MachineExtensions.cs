using GaleLb.LoadBalancer.Cluster;
using GaleLb.Raft;
using GaleLb.State.Commands;

namespace GaleLb.LoadBalancer.Tests.Support;

internal static class MachineExtensions
{
    /// <summary>Applies one command as the entry of this index; it must be carried out.</summary>
    public static void Apply(this ClusterMachine machine, ulong index, Command command)
    {
        ReadOnlyMemory<byte> answer = machine.Apply(
            new Entry(new LogIndex(index), new Term(1), EntryKind.Command, CommandCodec.Encode(new CommandEnvelope(command))));
        CommandAnswerCodec.Decode(answer.Span).IsOk.Should().BeTrue();
    }
}
