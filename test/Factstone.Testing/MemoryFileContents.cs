using Factstone.Storage;

namespace Factstone.Testing;

/// <summary>What tests see of a disk in memory, and change on it, past the engine.</summary>
internal static class MemoryFileContents
{
    extension(MemoryFileSystem files)
    {
        /// <summary>The paths of all files, by unsigned UTF-8 bytes.</summary>
        public IEnumerable<string> Paths => [.. Below(files, "").Order(FileNames.ByUtf8Bytes)];

        /// <summary>The content up to the last byte other than zero: preallocated zeros can be gigabytes without information.</summary>
        public byte[] ReadAll(string path) => MemoryFileSystem.ContentOf(files.Named(path).Bytes);

        /// <summary>The same with zeros at its end, which a checksum may have; for a file that is never preallocated.</summary>
        public byte[] ReadWhole(string path)
        {
            var content = files.ReadAll(path);
            Array.Resize(ref content, checked((int)files.LengthOf(path)));
            return content;
        }

        /// <summary>Bytes in the file, preallocated zeros included.</summary>
        public long LengthOf(string path) => files.Named(path).Bytes.Length;

        /// <summary>The offset of the last byte other than zero; -1 if there is none.</summary>
        public long LastWrittenByte(string path) => files.Named(path).Bytes.LastNonZero();

        /// <summary>Flips one bit of a file, counted from the least significant bit of its first byte.</summary>
        public void FlipBit(string path, long bitIndex)
        {
            var file = files.Named(path);
            lock (file.Writing)
            {
                ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(bitIndex / 8, file.Bytes.Length);
                file.Bytes.FlipBit(bitIndex);
            }
        }

        /// <summary>Replaces the content of a file, or creates it.</summary>
        /// <param name="path">The file; its directory must exist.</param>
        /// <param name="content">Its bytes.</param>
        /// <param name="length">The length of the file, if zeros follow the content.</param>
        public void Replace(string path, ReadOnlySpan<byte> content, long? length = null)
        {
            using var file = files.Open(path, files.FileExists(path) ? FileOpening.Existing : FileOpening.CreateNew);
            file.SetLength(0);
            file.Write(content, 0);
            if (length is { } total) file.SetLength(total);
        }
    }

    static IEnumerable<string> Below(MemoryFileSystem files, string directory)
    {
        var prefix = directory.Length == 0 ? "" : $"{directory}/";
        return files.List(directory).Select(name => prefix + name).Concat(files.ListDirectories(directory).SelectMany(name => Below(files, prefix + name)));
    }
}
