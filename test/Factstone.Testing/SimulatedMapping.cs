using Factstone.Storage;

namespace Factstone.Testing;

/// <summary>A mapped file of a <see cref="SimulatedDisk"/>: the bytes that readers see now. Later writes are visible through an earlier span.</summary>
/// <remarks>
/// A read that would end a real process, or that proves a forbidden read, is a <see cref="SimulatedDisk.MappingFault"/>
/// and throws. A span that reaches over bytes that are cut off later shows bytes there that were never written.
/// </remarks>
internal sealed class SimulatedMapping(SimulatedProcess process, SimulatedFile file, string path, long length) : IMappedFile
{
    bool _isUnmapped;

    public ReadOnlySpan<byte> Bytes(long fileOffset, int length)
    {
        process.ThrowIfDead();
        if (_isUnmapped) throw Fault("after it was unmapped", fileOffset, length);
        if (fileOffset < 0 || length < 0 || fileOffset + length > Length) throw Fault("outside of it", fileOffset, length);
        if (fileOffset + length > file.Seen.Length) throw Fault($"beyond the end of the file at {file.Seen.Length}", fileOffset, length);
        if (process.Disk.ChecksMappedBytes?.Invoke(path) == true && file.IsUnsynced(fileOffset, length)) throw Fault("where bytes are that were never synced", fileOffset, length);
        return file.Live(fileOffset, length);
    }

    /// <summary>Memory needs no prefetch.</summary>
    public void Prefetch(long fileOffset, int bytes) { }

    public void Dispose() => _isUnmapped = true;

    long Length { get; } = length;

    MappingFaultException Fault(string where, long fileOffset, int length)
    {
        var fault = new MappingFaultException($"a mapped read of {path} at {fileOffset} +{length} {where}");
        process.Disk.MappingFault ??= fault.Message;
        return fault;
    }
}

/// <summary>A mapped read that would end a real process, or that no reader may do.</summary>
/// <remarks>Nothing may handle it: see <see cref="MachineStoppedException"/>.</remarks>
internal sealed class MappingFaultException(string message) : MachineStoppedException(message);
