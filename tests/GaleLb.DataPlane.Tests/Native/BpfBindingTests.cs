using System.Buffers.Binary;
using GaleLb.DataPlane.Native;
using GaleLb.DataPlane.Tests.Support;

namespace GaleLb.DataPlane.Tests.Native;

public sealed class BpfBindingTests
{
    private static readonly Lazy<byte[]> Elf = new(() => Clang.Compile(Path.Combine(AppContext.BaseDirectory, "Native/binding.bpf.c")));

    private record struct Pair(uint Left, uint Right);

    [Fact]
    public void Open_BytesThatAreNoObject_FailsWithErrnoAndName()
    {
        Action open = () => BpfObject.Open(new byte[100], "nonsense");
        open.Should().Throw<BpfException>().WithMessage("*nonsense*");
    }

    [Fact]
    public void Maps_OfOpenedObject_AreListedWithSizes()
    {
        using BpfObject obj = BpfObject.Open(Elf.Value, "binding");
        BpfMapDefinition pairs = obj.Map("pairs");
        (pairs.Type, pairs.KeySize, pairs.ValueSize, pairs.MaxEntries).Should().Be((BpfMapType.Hash, 4, 8, 128u));
        BpfMapDefinition? inner = obj.Map("rings").Inner;
        inner!.Value.MaxEntries.Should().Be(16);
        obj.Programs.Should().Equal("xdp_answer", "tc_accept");
    }

    [Fact]
    public void Btf_OfStruct_GivesMembersAndOffsets()
    {
        using BpfObject obj = BpfObject.Open(Elf.Value, "binding");
        BtfType pair = obj.Btf.Find("pair", BtfKind.Struct)!;
        pair.SizeOrType.Should().Be(8);
        pair.Members.Select(m => (m.Name, m.Offset)).Should().Equal(("left", 0), ("right", 4), ("pad", 6));
    }

    [Fact]
    public void Btf_CutAnywhere_IsRefused()
    {
        using BpfObject obj = BpfObject.Open(Elf.Value, "binding");
        byte[] garbage = new byte[23];
        Action parse = () => Btf.Parse(garbage);
        parse.Should().Throw<InvalidDataException>();
    }

    [Fact]
    public void SetReadOnly_WrongSizeOrName_IsRefused()
    {
        using BpfObject obj = BpfObject.Open(Elf.Value, "binding");
        obj.Invoking(o => o.SetReadOnly("answer", (ushort)1)).Should().Throw<BpfException>().WithMessage("*answer has 4 bytes*");
        obj.Invoking(o => o.SetReadOnly("question", 1)).Should().Throw<BpfException>().WithMessage("*question*");
    }

    [RootFact]
    public void TestRun_WithRingAndReadOnly_SeesBoth()
    {
        using BpfObject obj = BpfObject.Open(Elf.Value, "binding");
        obj.SetReadOnly("answer", 7u);
        obj.SetReadOnly("small", (byte)3);
        obj.Load();
        using BpfMap rings = obj.OpenMap("rings");
        using BpfMap ring = BpfMap.Create(BpfMapType.Array, "ring", 4, 4, 16, BpfMap.Mmapable);
        using (BpfMappedArray memory = ring.MapMemory())
        {
            for (int i = 0; i < memory.Count; i++)
                BinaryPrimitives.WriteInt32LittleEndian(memory.Bytes[(i * memory.Stride)..], 1000 + i);
        }

        rings.UpdateInner(0u, ring);

        using BpfProgram program = obj.OpenProgram("xdp_answer");
        byte[] frame = new byte[60];
        byte[] after = new byte[100];
        TestRunResult result = program.TestRun(frame, after);

        result.ReturnValue.Should().Be((uint)XdpAction.Pass);
        result.DataLength.Should().Be(60);
        BinaryPrimitives.ReadInt32LittleEndian(after).Should().Be(1007);
        using BpfMap counts = obj.OpenMap("counts");
        ulong[] values = new ulong[BpfObject.PossibleCpus];
        counts.TryLookUpPerCpu(0u, values.AsSpan()).Should().BeTrue();
        values.Aggregate(0ul, (sum, v) => sum + v).Should().Be(3);
    }

    [RootFact]
    public void Map_SingleAndBatchCalls_RoundTrip()
    {
        using BpfObject obj = BpfObject.Open(Elf.Value, "binding");
        obj.Map("pairs").SetMaxEntries(1000);
        obj.Load();
        using BpfMap pairs = obj.OpenMap("pairs");
        pairs.Info.MaxEntries.Should().Be(1000);

        pairs.TryLookUp(5u, out Pair _).Should().BeFalse();
        pairs.Delete(5u).Should().BeFalse();
        pairs.Update(5u, new Pair(1, 2));
        pairs.Invoking(p => p.Update(5u, new Pair(1, 2), BpfUpdate.NoExist)).Should().Throw<BpfException>().Where(e => e.Errno == Errno.EEXIST);
        pairs.TryLookUp(5u, out Pair found).Should().BeTrue();
        found.Should().Be(new Pair(1, 2));

        uint[] keys = [.. Enumerable.Range(100, 500).Select(i => (uint)i)];
        pairs.UpdateBatch<uint, Pair>(keys, [.. keys.Select(k => new Pair(k, k * 2))]);
        Dictionary<uint, Pair> seen = [];
        BpfBatchCursor cursor = new();
        uint[] someKeys = new uint[64];
        Pair[] someValues = new Pair[64];
        while (!cursor.AtEnd)
        {
            int count = pairs.LookUpBatch<uint, Pair>(cursor, someKeys, someValues);
            for (int i = 0; i < count; i++) seen[someKeys[i]] = someValues[i];
        }

        seen.Should().HaveCount(501);
        seen[250].Should().Be(new Pair(250, 500));
        pairs.Keys<uint>().Should().HaveCount(501);

        pairs.DeleteBatch<uint>([100, 99_999, 101, 102]).Should().Be(3);
        pairs.Keys<uint>().Should().HaveCount(498);
    }

    [RootFact]
    public void Map_OtherSizes_AreRefusedBeforeTheKernel()
    {
        using BpfObject obj = BpfObject.Open(Elf.Value, "binding");
        obj.Load();
        using BpfMap pairs = obj.OpenMap("pairs");
        pairs.Invoking(p => p.Update(1ul, new Pair(1, 2))).Should().Throw<InvalidOperationException>().WithMessage("map pairs has keys of 4*");
    }
}
