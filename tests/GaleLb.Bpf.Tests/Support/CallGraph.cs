using System.Buffers.Binary;
using System.Text;

namespace GaleLb.Bpf.Tests.Support;

/// <summary>One function of an object: how much of the stack it touches, in bytes, and whom it calls.</summary>
internal sealed record BpfFunctionFrame(string Name, int Bytes, IReadOnlyList<string> Calls);

/// <summary>
/// The functions of a compiled object and their calls, read from the ELF file as the verifier sees them: helpers are no functions, and a frame
/// is what instructions reach below r10.
/// </summary>
internal static class CallGraph
{
    private const int InstructionBytes = 8;
    private const int SymbolBytes = 24;
    private const int RelocationBytes = 16;
    private const int SectionRelocations = 9;
    private const int SectionSymbols = 2;
    private const int FunctionSymbol = 2;
    private const int CallOpcode = 0x85;
    private const int MoveOpcode = 0xbf;
    private const int AddOpcode = 0x07;
    private const int FramePointer = 10;

    private sealed record Section(int Type, int Offset, int Size, int Link, int Target);

    private sealed record Symbol(string Name, int Kind, int Section, int Value, int Size);

    public static IReadOnlyDictionary<string, BpfFunctionFrame> Read(byte[] elf)
    {
        Section[] sections = Sections(elf);
        Section table = sections.Single(s => s.Type == SectionSymbols);
        Symbol[] symbols = [.. Enumerable.Range(0, table.Size / SymbolBytes).Select(n => ReadSymbol(elf, table.Offset + (n * SymbolBytes), sections[table.Link].Offset))];
        Dictionary<(int Section, int At), Symbol> relocated = [];
        foreach (Section relocations in sections.Where(s => s.Type == SectionRelocations))
        {
            for (int at = relocations.Offset; at < relocations.Offset + relocations.Size; at += RelocationBytes)
                relocated[(relocations.Target, (int)Long(elf, at))] = symbols[(int)(Long(elf, at + 8) >> 32)];
        }

        List<Symbol> functions = [.. symbols.Where(s => s.Kind == FunctionSymbol)];
        return functions.ToDictionary(f => f.Name, f => Frame(elf, sections, functions, relocated, f), StringComparer.Ordinal);
    }

    private static BpfFunctionFrame Frame(
        byte[] elf, Section[] sections, List<Symbol> functions, Dictionary<(int Section, int At), Symbol> relocated, Symbol function)
    {
        int bytes = 0, start = sections[function.Section].Offset;
        List<string> calls = [];
        for (int at = function.Value; at < function.Value + function.Size; at += InstructionBytes)
        {
            ReadOnlySpan<byte> instruction = elf.AsSpan(start + at, InstructionBytes);
            (int opcode, int destination, int source) = (instruction[0], instruction[1] & 0xf, instruction[1] >> 4);
            int offset = BinaryPrimitives.ReadInt16LittleEndian(instruction[2..]), immediate = BinaryPrimitives.ReadInt32LittleEndian(instruction[4..]);
            int kind = opcode & 7;
            if ((kind is 2 or 3 && destination == FramePointer) || (kind == 1 && source == FramePointer))
                bytes = Math.Max(bytes, -offset);
            else if (opcode == MoveOpcode && source == FramePointer)
                bytes = Math.Max(bytes, -AddedNext(elf, start + at, start + function.Value + function.Size, destination));
            else if (opcode == CallOpcode && source == 1)
                calls.Add(Callee(functions, relocated, function.Section, at, immediate).Name);
        }

        return new BpfFunctionFrame(function.Name, bytes, calls);
    }

    /// <summary>An address on the stack is r10 moved into a register, and what the next instruction that changes the register takes off.</summary>
    private static int AddedNext(byte[] elf, int at, int end, int register)
    {
        for (int next = at + InstructionBytes; next < end; next += InstructionBytes)
        {
            // A store names its base as the destination and a jump what it compares: neither changes it.
            if ((elf[next + 1] & 0xf) != register || (elf[next] & 7) is 2 or 3 or 5 or 6)
                continue;
            return elf[next] == AddOpcode ? BinaryPrimitives.ReadInt32LittleEndian(elf.AsSpan(next + 4)) : 0;
        }

        return 0;
    }

    /// <summary>Within a section the distance is in the instruction; from another, the instruction counts from the start of what the relocation names.</summary>
    private static Symbol Callee(
        List<Symbol> functions, Dictionary<(int Section, int At), Symbol> relocated, int section, int at, int immediate)
    {
        (int where, int value) = relocated.TryGetValue((section, at), out Symbol? named)
            ? (named.Section, named.Kind == FunctionSymbol ? named.Value : (immediate + 1) * InstructionBytes)
            : (section, at + ((immediate + 1) * InstructionBytes));
        return functions.Single(f => f.Section == where && f.Value == value);
    }

    private static Section[] Sections(byte[] elf)
    {
        int table = (int)Long(elf, 40), size = BinaryPrimitives.ReadUInt16LittleEndian(elf.AsSpan(58)), count = BinaryPrimitives.ReadUInt16LittleEndian(elf.AsSpan(60));
        return [.. Enumerable.Range(0, count).Select(n => table + (n * size)).Select(at =>
            new Section(Int(elf, at + 4), (int)Long(elf, at + 24), (int)Long(elf, at + 32), Int(elf, at + 40), Int(elf, at + 44)))];
    }

    private static Symbol ReadSymbol(byte[] elf, int at, int names)
    {
        int name = names + Int(elf, at);
        int length = elf.AsSpan(name).IndexOf((byte)0);
        return new Symbol(
            Encoding.ASCII.GetString(elf, name, length), elf[at + 4] & 0xf, BinaryPrimitives.ReadUInt16LittleEndian(elf.AsSpan(at + 6)),
            (int)Long(elf, at + 8), (int)Long(elf, at + 16));
    }

    private static int Int(byte[] elf, int at) => BinaryPrimitives.ReadInt32LittleEndian(elf.AsSpan(at));

    private static long Long(byte[] elf, int at) => BinaryPrimitives.ReadInt64LittleEndian(elf.AsSpan(at));
}
