using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Native;

/// <summary>
/// The imports from libbpf 1.x, under their C names. Functions that return <c>int</c> return a negative errno on failure;
/// functions that return a pointer return null and set errno.
/// </summary>
internal static unsafe partial class LibBpf
{
    private const string Library = "libbpf.so.1";

    [LibraryImport(Library)]
    public static partial nint libbpf_set_print(delegate* unmanaged<int, byte*, nint, int> print);

    [LibraryImport(Library)]
    public static partial int libbpf_num_possible_cpus();

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint bpf_object__open_mem(byte* buffer, nuint size, ObjectOpenOpts* opts);

    [LibraryImport(Library)]
    public static partial void bpf_object__close(nint obj);

    [LibraryImport(Library)]
    public static partial int bpf_object__load(BpfObjectHandle obj);

    [LibraryImport(Library)]
    public static partial nint bpf_object__btf(BpfObjectHandle obj);

    [LibraryImport(Library)]
    public static partial nint btf__raw_data(nint btf, uint* size);

    [LibraryImport(Library)]
    public static partial nint bpf_object__next_map(BpfObjectHandle obj, nint map);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial nint bpf_object__find_map_by_name(BpfObjectHandle obj, string name);

    [LibraryImport(Library)]
    public static partial nint bpf_object__next_program(BpfObjectHandle obj, nint program);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial nint bpf_object__find_program_by_name(BpfObjectHandle obj, string name);

    [LibraryImport(Library)]
    public static partial nint bpf_map__name(nint map);

    [LibraryImport(Library)]
    public static partial int bpf_map__type(nint map);

    [LibraryImport(Library)]
    public static partial uint bpf_map__key_size(nint map);

    [LibraryImport(Library)]
    public static partial uint bpf_map__value_size(nint map);

    [LibraryImport(Library)]
    public static partial uint bpf_map__max_entries(nint map);

    [LibraryImport(Library)]
    public static partial uint bpf_map__map_flags(nint map);

    [LibraryImport(Library)]
    public static partial int bpf_map__set_max_entries(nint map, uint entries);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bpf_map__set_pin_path(nint map, string? path);

    [LibraryImport(Library)]
    public static partial byte* bpf_map__initial_value(nint map, nuint* size);

    [LibraryImport(Library)]
    public static partial nint bpf_map__inner_map(nint map);

    [LibraryImport(Library)]
    public static partial int bpf_map__fd(nint map);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool bpf_map__is_internal(nint map);

    [LibraryImport(Library)]
    public static partial nint bpf_program__name(nint program);

    [LibraryImport(Library)]
    public static partial int bpf_program__fd(nint program);

    [LibraryImport(Library)]
    public static partial int bpf_program__set_autoload(nint program, [MarshalAs(UnmanagedType.U1)] bool autoload);

    [LibraryImport(Library)]
    public static partial int bpf_program__set_log_level(nint program, uint level);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bpf_map_create(
        int type, string name, uint keySize, uint valueSize, uint maxEntries, MapCreateOpts* opts);

    [LibraryImport(Library)]
    public static partial int bpf_map_lookup_elem(BpfFd fd, void* key, void* value);

    [LibraryImport(Library)]
    public static partial int bpf_map_update_elem(BpfFd fd, void* key, void* value, ulong flags);

    [LibraryImport(Library)]
    public static partial int bpf_map_delete_elem(BpfFd fd, void* key);

    [LibraryImport(Library)]
    public static partial int bpf_map_get_next_key(BpfFd fd, void* key, void* nextKey);

    [LibraryImport(Library)]
    public static partial int bpf_map_lookup_batch(
        BpfFd fd, void* inBatch, void* outBatch, void* keys, void* values, uint* count, MapBatchOpts* opts);

    [LibraryImport(Library)]
    public static partial int bpf_map_update_batch(BpfFd fd, void* keys, void* values, uint* count, MapBatchOpts* opts);

    [LibraryImport(Library)]
    public static partial int bpf_map_delete_batch(BpfFd fd, void* keys, uint* count, MapBatchOpts* opts);

    [LibraryImport(Library)]
    public static partial int bpf_map_get_fd_by_id(uint id);

    [LibraryImport(Library)]
    public static partial int bpf_prog_get_fd_by_id(uint id);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bpf_obj_pin(BpfFd fd, string path);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bpf_obj_get(string path);

    [LibraryImport(Library)]
    public static partial int bpf_obj_get_info_by_fd(BpfFd fd, void* info, uint* length);

    [LibraryImport(Library)]
    public static partial int bpf_link_create(BpfFd program, int target, int attachType, LinkCreateOpts* opts);

    [LibraryImport(Library)]
    public static partial int bpf_link_update(BpfFd link, BpfFd program, void* opts);

    [LibraryImport(Library)]
    public static partial int bpf_link_detach(BpfFd link);

    [LibraryImport(Library)]
    public static partial int bpf_xdp_query(int ifindex, int flags, XdpQueryOpts* opts);

    [LibraryImport(Library)]
    public static partial int bpf_tc_hook_create(TcHookStruct* hook);

    [LibraryImport(Library)]
    public static partial int bpf_tc_hook_destroy(TcHookStruct* hook);

    [LibraryImport(Library)]
    public static partial int bpf_tc_attach(TcHookStruct* hook, TcOpts* opts);

    [LibraryImport(Library)]
    public static partial int bpf_tc_detach(TcHookStruct* hook, TcOpts* opts);

    [LibraryImport(Library)]
    public static partial int bpf_tc_query(TcHookStruct* hook, TcOpts* opts);

    /// <summary>1: supported, 0: not.</summary>
    [LibraryImport(Library)]
    public static partial int libbpf_probe_bpf_helper(int programType, int helper, void* options);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint ring_buffer__new(int map, delegate* unmanaged<nint, void*, nuint, int> sample, nint context, void* opts);

    [LibraryImport(Library)]
    public static partial int ring_buffer__consume(nint buffer);

    [LibraryImport(Library)]
    public static partial void ring_buffer__free(nint buffer);

    [LibraryImport(Library)]
    public static partial int bpf_prog_test_run_opts(BpfFd program, TestRunOpts* opts);
}
