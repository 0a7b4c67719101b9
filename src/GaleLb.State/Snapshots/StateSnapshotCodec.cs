using System.Collections.Immutable;
using GaleLb.Raft;
using GaleLb.State.Commands;
using GaleLb.State.Formats;
using GaleLb.State.Settings;

namespace GaleLb.State.Snapshots;

/// <summary>
/// A whole state as bytes and back (docs/internals/state-format.md). Canonical: equal states have equal bytes, and bytes
/// that decode are those that their state encodes to.
/// </summary>
public static partial class StateSnapshotCodec
{
    private const byte FormatVersion = 1;

    public static byte[] Encode(ClusterState state)
    {
        CanonicalWriter writer = new(4096 + (state.Nodes.Count * 160) + (state.Events.Count * 128));
        writer.U8(FormatVersion);
        writer.U32(state.StateVersion);
        writer.U64(state.AppliedIndex.Value);
        writer.I64(state.LogTime.Milliseconds);
        writer.U64(state.ClusterId.Value);
        writer.U64(state.HashSeed);
        writer.Health(state.NodeHealth);
        writer.Settings(state.Baseline);
        writer.Bool(state.Staged is not null);
        if (state.Staged is not null)
        {
            writer.Settings(state.Staged.Settings);
            writer.U64(state.Staged.Index.Value);
        }

        writer.U64(state.SettingsLastChange.Value);
        writer.U16(state.NodeIndexNext);
        writer.U32(state.GenerationNext);
        writer.Count(state.NodeIndexesFree.Count);
        foreach (ushort index in state.NodeIndexesFree)
            writer.U16(index);
        WriteNodes(writer, state);
        WriteServices(writer, state);
        WriteHistory(writer, state);
        return writer.ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes are not a state of this format; the message names offset and fault.</exception>
    /// <exception cref="UnsupportedStateVersionException">The state is of a later version than this program applies.</exception>
    public static ClusterState Decode(ReadOnlySpan<byte> bytes)
    {
        CanonicalReader reader = new("state snapshot", bytes);
        byte version = reader.U8();
        if (version != FormatVersion)
            throw reader.Bad($"format version {FormatVersion} expected, {version} found");
        uint stateVersion = reader.U32();
        if (stateVersion > ClusterState.StateVersionMax)
            throw new UnsupportedStateVersionException(stateVersion, ClusterState.StateVersionMax);
        ClusterState state = ClusterState.Empty with
        {
            StateVersion = stateVersion,
            AppliedIndex = new LogIndex(reader.U64()),
            LogTime = new LogTime(reader.I64()),
            ClusterId = new ClusterId(reader.U64()),
            HashSeed = reader.U64(),
            NodeHealth = reader.Health(),
            Baseline = reader.Settings(),
            Staged = reader.Bool() ? new StagedSettings(reader.Settings(), new LogIndex(reader.U64())) : null,
            SettingsLastChange = new LogIndex(reader.U64()),
            NodeIndexNext = reader.U16(),
            GenerationNext = reader.U32(),
            NodeIndexesFree = ReadFreeIndexes(ref reader),
        };
        state = ReadNodes(ref reader, state);
        state = ReadServices(ref reader, state);
        state = ReadHistory(ref reader, state);
        reader.End();
        return state;
    }

    private static ImmutableList<ushort> ReadFreeIndexes(ref CanonicalReader reader)
    {
        int count = reader.Count(Forwarding.ForwardingTable.NodesMax, elementBytesMin: 2);
        ImmutableList<ushort>.Builder free = ImmutableList.CreateBuilder<ushort>();
        for (int i = 0; i < count; i++)
            free.Add(reader.U16());
        return free.ToImmutable();
    }

    /// <summary>Refuses a key that does not come after the last one, so that a map has one encoding.</summary>
    private static void CheckOrder<TKey>(ref CanonicalReader reader, TKey? last, TKey key, IComparer<TKey> comparer, bool first)
    {
        if (!first && comparer.Compare(last!, key) >= 0)
            throw reader.Bad($"'{key}' is out of order");
    }

    private static void WriteHistory(CanonicalWriter writer, ClusterState state)
    {
        writer.Count(state.Events.Count);
        foreach (Events.StateEvent told in state.Events)
            WriteEvent(writer, told);
        writer.Count(state.AnswerKeys.Count);
        foreach (string key in state.AnswerKeys)
        {
            RememberedAnswer answer = state.Answers[key];
            writer.Text(answer.Key);
            writer.U64(answer.BodyHash);
            CommandAnswerCodec.Write(writer, answer.Answer);
        }
    }

    private static ClusterState ReadHistory(ref CanonicalReader reader, ClusterState state)
    {
        int count = reader.Count(ClusterState.EventsMax, elementBytesMin: 31);
        ImmutableList<Events.StateEvent>.Builder events = ImmutableList.CreateBuilder<Events.StateEvent>();
        for (int i = 0; i < count; i++)
            events.Add(ReadEvent(ref reader));

        count = reader.Count(ClusterState.AnswersMax, elementBytesMin: 27);
        ImmutableList<string>.Builder keys = ImmutableList.CreateBuilder<string>();
        ImmutableSortedDictionary<string, RememberedAnswer>.Builder answers =
            ImmutableSortedDictionary.CreateBuilder<string, RememberedAnswer>(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            RememberedAnswer answer = new(reader.Text(), reader.U64(), CommandAnswerCodec.Read(ref reader, depth: 0));
            if (!answers.TryAdd(answer.Key, answer))
                throw reader.Bad($"the key '{answer.Key}' occurs twice");
            keys.Add(answer.Key);
        }

        return state with { Events = events.ToImmutable(), AnswerKeys = keys.ToImmutable(), Answers = answers.ToImmutable() };
    }

    private static void WriteEvent(CanonicalWriter writer, Events.StateEvent told)
    {
        writer.U64(told.Index.Value);
        writer.I64(told.LogTime.Milliseconds);
        writer.I64(told.WallTimeMs);
        writer.U8((byte)told.Kind);
        writer.Text(told.Subject);
        writer.Text(told.Origin);
        writer.Text(told.Cause);
    }

    private static Events.StateEvent ReadEvent(ref CanonicalReader reader)
    {
        LogIndex index = new(reader.U64());
        LogTime time = new(reader.I64());
        long wall = reader.I64();
        byte kind = reader.U8();
        if (!Enum.IsDefined((Events.EventKind)kind))
            throw reader.Bad($"no event is of kind {kind}");
        return new Events.StateEvent(index, time, wall, (Events.EventKind)kind, reader.Text(), reader.Text(), reader.Text());
    }
}
