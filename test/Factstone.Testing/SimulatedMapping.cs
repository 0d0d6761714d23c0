using Factstone.Storage;

namespace Factstone.Testing;

/// <summary>A mapped file of a <see cref="SimulatedDisk"/>: the bytes that readers see now, and what is written later is seen through a span that was taken before.</summary>
/// <remarks>
/// What would end a real process, or shows that it looked where it must not, is a <see cref="SimulatedDisk.MappingFault"/>,
/// and the look throws. A span that reaches over what is cut off later shows bytes there that were never written.
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

    /// <summary>The disk as memory has nothing to be asked ahead.</summary>
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

/// <summary>A look at a mapped file that ends a real process, or that no reader may make.</summary>
/// <remarks>Nothing may handle it: see <see cref="MachineStoppedException"/>.</remarks>
internal sealed class MappingFaultException(string message) : MachineStoppedException(message);
