using System.Buffers;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using GaleLb.Raft;

namespace GaleLb.Replica.Wire;

/// <summary>
/// The bytes of a Raft message on the wire: canonical (one message, one encoding) and versioned; drawn in
/// docs/internals/wire-format.md.
/// </summary>
public static class MessageCodec
{
    public const byte Version = 1;

    /// <summary>The longest message a decoder accepts. The core keeps appends and snapshot chunks far below it.</summary>
    public const int MessageBytesMax = 64 << 20;

    private enum Kind : byte
    {
        VoteRequest = 1,
        VoteResponse = 2,
        AppendRequest = 3,
        AppendResponse = 4,
        HeartbeatRequest = 5,
        HeartbeatResponse = 6,
        SnapshotChunk = 7,
        SnapshotChunkResponse = 8,
        ReadIndexRequest = 9,
        ReadIndexResponse = 10,
        TimeoutNow = 11,
    }

    public static byte[] Encode(Message message)
    {
        ArrayBufferWriter<byte> output = new(64);
        Encode(message, output);
        return output.WrittenSpan.ToArray();
    }

    /// <exception cref="ArgumentException">The message is not one the core sends: its entries do not follow its previous index.</exception>
    public static void Encode(Message message, IBufferWriter<byte> output)
    {
        WireWriter writer = new(output);
        writer.Byte(Version);
        writer.Byte((byte)KindOf(message));
        writer.Fixed(message.From.Value);
        writer.Fixed(message.To.Value);
        writer.Variable(message.Term.Value);
        switch (message)
        {
            case VoteRequest m:
                writer.Byte((byte)((m.PreVote ? 1 : 0) | (m.Transfer ? 2 : 0)));
                writer.Variable(m.LastIndex.Value);
                writer.Variable(m.LastTerm.Value);
                break;
            case VoteResponse m:
                writer.Byte((byte)((m.PreVote ? 1 : 0) | (m.Granted ? 2 : 0) | (m.InDoubt ? 4 : 0)));
                break;
            case AppendRequest m:
                WriteAppend(m, writer);
                break;
            case AppendResponse m:
                writer.Flag(m.Accepted);
                writer.Variable(m.Index.Value);
                writer.Variable(m.HintIndex.Value);
                writer.Variable(m.HintTerm.Value);
                break;
            case HeartbeatRequest m:
                writer.Variable(m.Commit.Value);
                writer.Variable(m.ReadSequence);
                writer.Variable(m.RecoveryToken);
                writer.Variable(m.RecoveryTarget.Value);
                break;
            case HeartbeatResponse m:
                writer.Variable(m.ReadSequence);
                writer.Variable(m.RecoveryToken);
                break;
            case SnapshotChunk m:
                writer.Variable(m.Metadata.Index.Value);
                writer.Variable(m.Metadata.Term.Value);
                writer.Bytes(MembershipCodec.Encode(m.Metadata.Membership));
                writer.Variable((ulong)m.Offset);
                writer.Variable((ulong)m.TotalBytes);
                writer.Bytes(m.Bytes.Span);
                break;
            case SnapshotChunkResponse m:
                writer.Variable(m.Index.Value);
                writer.Variable((ulong)m.NextOffset);
                break;
            case ReadIndexRequest m:
                writer.Fixed(m.Token);
                break;
            case ReadIndexResponse m:
                writer.Fixed(m.Token);
                writer.Flag(m.Index is not null);
                if (m.Index is { } index)
                    writer.Variable(index.Value);
                break;
        }
    }

    /// <summary>
    /// Reads one message. Payloads are slices of <paramref name="bytes"/>, which must not change afterwards.
    /// </summary>
    /// <exception cref="InvalidDataException">The bytes are not exactly one canonical message of this version.</exception>
    public static Message Decode(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > MessageBytesMax)
            throw new InvalidDataException($"Raft message: {bytes.Length} bytes, more than the {MessageBytesMax} allowed.");
        WireReader reader = new(bytes);
        byte version = reader.Byte("version");
        if (version != Version)
            throw reader.Bad("version", $"{Version} expected, found {version}");
        byte kind = reader.Byte("kind");
        MemberId from = new(reader.Fixed("from"));
        MemberId to = new(reader.Fixed("to"));
        Term term = new(reader.Variable("term"));
        Message message = ReadBody((Kind)kind, from, to, term, ref reader);
        reader.End();
        return message;
    }

    private static Kind KindOf(Message message) => message switch
    {
        VoteRequest => Kind.VoteRequest,
        VoteResponse => Kind.VoteResponse,
        AppendRequest => Kind.AppendRequest,
        AppendResponse => Kind.AppendResponse,
        HeartbeatRequest => Kind.HeartbeatRequest,
        HeartbeatResponse => Kind.HeartbeatResponse,
        SnapshotChunk => Kind.SnapshotChunk,
        SnapshotChunkResponse => Kind.SnapshotChunkResponse,
        ReadIndexRequest => Kind.ReadIndexRequest,
        ReadIndexResponse => Kind.ReadIndexResponse,
        TimeoutNow => Kind.TimeoutNow,
        _ => throw new ArgumentException($"{message.GetType().Name} has no encoding.", nameof(message)),
    };

    private static Message ReadBody(Kind kind, MemberId from, MemberId to, Term term, ref WireReader reader)
    {
        switch (kind)
        {
            case Kind.VoteRequest:
                byte asked = Flags(ref reader, "flags", 3);
                return new VoteRequest(from, to, term, (asked & 1) != 0, Index(ref reader, "last index"), ReadTerm(ref reader, "last term"), (asked & 2) != 0);
            case Kind.VoteResponse:
                byte answered = Flags(ref reader, "flags", 7);
                return new VoteResponse(from, to, term, (answered & 1) != 0, (answered & 2) != 0, (answered & 4) != 0);
            case Kind.AppendRequest:
                return ReadAppend(from, to, term, ref reader);
            case Kind.AppendResponse:
                return new AppendResponse(
                    from, to, term, reader.Flag("accepted"), Index(ref reader, "index"), Index(ref reader, "hint index"), ReadTerm(ref reader, "hint term"));
            case Kind.HeartbeatRequest:
                return new HeartbeatRequest(
                    from, to, term, Index(ref reader, "commit"), reader.Variable("read sequence"), reader.Variable("recovery token"),
                    Index(ref reader, "recovery target"));
            case Kind.HeartbeatResponse:
                return new HeartbeatResponse(from, to, term, reader.Variable("read sequence"), reader.Variable("recovery token"));
            case Kind.SnapshotChunk:
                SnapshotMetadata metadata = new(
                    Index(ref reader, "snapshot index"), ReadTerm(ref reader, "snapshot term"), MembershipCodec.Decode(reader.Bytes("membership").Span));
                return new SnapshotChunk(from, to, term, metadata, Length(ref reader, "offset"), Length(ref reader, "total bytes"), reader.Bytes("bytes"));
            case Kind.SnapshotChunkResponse:
                return new SnapshotChunkResponse(from, to, term, Index(ref reader, "snapshot index"), Length(ref reader, "next offset"));
            case Kind.ReadIndexRequest:
                return new ReadIndexRequest(from, to, term, reader.Fixed("token"));
            case Kind.ReadIndexResponse:
                ulong token = reader.Fixed("token");
                return new ReadIndexResponse(from, to, term, token, reader.Flag("index present") ? Index(ref reader, "index") : null);
            case Kind.TimeoutNow:
                return new TimeoutNow(from, to, term);
            default:
                throw reader.Bad("kind", $"1 to {(byte)Kind.TimeoutNow} expected, found {(byte)kind}");
        }
    }

    /// <summary>Entries follow the previous index without a gap and their terms never fall, so only term steps are sent.</summary>
    private static void WriteAppend(AppendRequest append, WireWriter writer)
    {
        writer.Variable(append.PreviousIndex.Value);
        writer.Variable(append.PreviousTerm.Value);
        writer.Variable(append.Commit.Value);
        writer.Variable((ulong)append.Entries.Length);
        (LogIndex index, Term term) = (append.PreviousIndex, append.PreviousTerm);
        foreach (Entry entry in append.Entries)
        {
            index = index.Next();
            if (entry.Index != index || entry.Term < term)
                throw new ArgumentException($"Entry {entry.Index} of term {entry.Term} stands where entry {index} of a term from {term} belongs.", nameof(append));
            writer.Byte((byte)entry.Kind);
            writer.Variable(entry.Term.Value - term.Value);
            writer.Bytes(entry.Payload.Span);
            term = entry.Term;
        }
    }

    private static AppendRequest ReadAppend(MemberId from, MemberId to, Term sent, ref WireReader reader)
    {
        LogIndex previous = Index(ref reader, "previous index");
        Term previousTerm = ReadTerm(ref reader, "previous term");
        LogIndex commit = Index(ref reader, "commit");
        const int EntryBytesMin = 3;
        int count = reader.Count("entries", EntryBytesMin);
        if (ulong.MaxValue - previous.Value < (ulong)count)
            throw reader.Bad("entries", $"{count} after index {previous} go beyond the last index");
        Entry[] entries = new Entry[count];
        (LogIndex index, Term term) = (previous, previousTerm);
        for (int i = 0; i < count; i++)
        {
            byte kind = reader.Byte("entry kind");
            if (kind > (byte)EntryKind.Membership)
                throw reader.Bad("entry kind", $"0 to {(byte)EntryKind.Membership} expected, found {kind}");
            ulong step = reader.Variable("term step");
            if (step > ulong.MaxValue - term.Value)
                throw reader.Bad("term step", "a term beyond 64 bits");
            index = index.Next();
            term = new Term(term.Value + step);
            entries[i] = new Entry(index, term, (EntryKind)kind, reader.Bytes("payload"));
        }

        return new AppendRequest(from, to, sent, previous, previousTerm, ImmutableCollectionsMarshal.AsImmutableArray(entries), commit);
    }

    private static byte Flags(ref WireReader reader, string what, byte all)
    {
        byte flags = reader.Byte(what);
        return flags <= all ? flags : throw reader.Bad(what, $"0 to {all} expected, found {flags}");
    }

    private static LogIndex Index(ref WireReader reader, string what) => new(reader.Variable(what));

    private static Term ReadTerm(ref WireReader reader, string what) => new(reader.Variable(what));

    private static long Length(ref WireReader reader, string what)
    {
        ulong value = reader.Variable(what);
        return value <= long.MaxValue ? (long)value : throw reader.Bad(what, $"{value} bytes is no length");
    }
}
