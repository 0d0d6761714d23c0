using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Factstone.Cli.Bench;

/// <summary>The speed of the disk itself: the bytes that the ledger would write, by pwrite and fdatasync, into a file that was filled with zeros and synced before.</summary>
/// <remarks>It keeps no streams and no versions, and cannot be read back. So it is an upper bound for the same shapes of appends (alone, or from a queue).</remarks>
internal sealed class DiskProbe : IBenchStore
{
    /// <summary>The file is overwritten cyclically, so that it never grows.</summary>
    const int FileBytes = 16 * 1_024 * 1_024;

    /// <summary>Zeros are written in pieces of the ledger's size. In larger pieces the system would keep them in larger pages, and each sync would take longer (docs/decisions/0010).</summary>
    const int ZerosBytes = 256 * 1_024;

    readonly SafeFileHandle _file;
    readonly byte[] _noise = new byte[2 * 1_024 * 1_024];
    readonly int _bytesPerAppend;
    readonly GroupWriter<TaskCompletionSource<long>>? _writer;
    readonly InFlight _inFlight;
    long _at;

    DiskProbe(string path, int bytesPerAppend, Workload workload)
    {
        _bytesPerAppend = bytesPerAppend;
        _inFlight = new InFlight(workload.InFlight);
        _file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite);
        for (var at = 0; at < FileBytes; at += ZerosBytes) RandomAccess.Write(_file, _noise.AsSpan(0, ZerosBytes), at);
        Sync();
        new Random(1).NextBytes(_noise);
        if (workload.IsShared) _writer = new GroupWriter<TaskCompletionSource<long>>(Write);
    }

    /// <param name="bytesPerAppend">Bytes on disk of one append of each workload.</param>
    public static BenchTarget Target(Func<Workload, int> bytesPerAppend) => new(
        "probe",
        KeepsFacts: false,
        (directory, workload) => ValueTask.FromResult<IBenchStore>(new DiskProbe(Path.Combine(directory, "probe"), bytesPerAppend(workload), workload)));

    public ValueTask<long> AppendAsync(int stream, long? expectedVersion, byte[] payload)
    {
        if (_writer is not null) return new ValueTask<long>(Queue());
        WriteAndSync(_bytesPerAppend);
        return ValueTask.FromResult(0L);
    }

    public ValueTask<long> AppendAsync(int stream, byte[][] payloads)
    {
        WriteAndSync(_bytesPerAppend);
        return ValueTask.FromResult(0L);
    }

    public ValueTask AppendAsync(int[] streams, byte[][] payloads, long[] versions)
    {
        WriteAndSync(_bytesPerAppend);
        return ValueTask.CompletedTask;
    }

    public ValueTask SendAsync(int stream, byte[] payload, Action<long> answered) => _inFlight.SendAsync(Queue(), answered);

    public ValueTask FlushAsync() => _inFlight.FlushAsync();

    public async IAsyncEnumerable<(long Version, ReadOnlyMemory<byte> Payload)> ReadAsync(int stream)
    {
        await ValueTask.CompletedTask.ConfigureAwait(false);
        yield break;
    }

    public ValueTask DisposeAsync()
    {
        _writer?.Dispose();
        _file.Dispose();
        return ValueTask.CompletedTask;
    }

    Task<long> Queue()
    {
        var completion = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        _writer!.Add(completion);
        return completion.Task;
    }

    void Write(List<TaskCompletionSource<long>> group)
    {
        WriteAndSync(group.Count * _bytesPerAppend);
        foreach (var completion in group) completion.SetResult(0);
    }

    void WriteAndSync(int bytes)
    {
        if (_at + bytes > FileBytes) _at = 0;
        RandomAccess.Write(_file, _noise.AsSpan(0, bytes), _at);
        _at += bytes;
        Sync();
    }

    void Sync()
    {
        if (SyncData(_file) != 0) throw new IOException($"fdatasync failed with error {Marshal.GetLastPInvokeError()}.");
    }

    [DllImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int SyncData(SafeFileHandle file);
}
