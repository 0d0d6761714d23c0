using Factstone.Storage;

namespace Factstone.Tests.Indexing;

/// <summary>The pages of a large run are written back while it is built, so that no sync of the log waits for all of them.</summary>
public sealed class SteadyWritingTests
{
    const int PieceBytes = 2 * 1_024 * 1_024;

    [Fact]
    public void At_no_time_do_more_than_a_few_pieces_of_a_run_wait_to_be_written()
    {
        const int pieces = 50;
        var files = new MemoryFileSystem();
        files.CreateDirectory("d");
        using var file = new WrittenBack(files.Open("d/run", FileOpening.CreateNew));
        using (var output = new RunOutput(file, new RunMemory()))
        {
            var bytes = new byte[100_000];
            while (output.FileOffset < pieces * PieceBytes) output.Write(bytes);
            output.WriteChecksums();
        }

        Assert.InRange(file.WaitingMost, PieceBytes, 3 * PieceBytes);
        Assert.InRange(file.Started, (pieces - 2) * PieceBytes, pieces * PieceBytes + 100_000);
        Assert.Equal(0, file.Synced); // a run needs none
    }

    [Fact]
    public void A_small_run_is_left_to_the_system()
    {
        var files = new MemoryFileSystem();
        files.CreateDirectory("d");
        using var file = new WrittenBack(files.Open("d/run", FileOpening.CreateNew));
        using (var output = new RunOutput(file, new RunMemory()))
        {
            output.Write(new byte[PieceBytes / 2]);
            output.WriteChecksums();
        }

        Assert.Equal(0, file.Started);
    }

    /// <summary>Counts the bytes that were written and not yet written back.</summary>
    sealed class WrittenBack(IStorageFile file) : IStorageFile
    {
        long _end;
        long _waitedFor;

        public long WaitingMost { get; private set; }

        public long Started { get; private set; }

        public int Synced { get; private set; }

        public string Path => file.Path;

        public long Length => file.Length;

        public int Read(Span<byte> buffer, long fileOffset) => file.Read(buffer, fileOffset);

        public void Write(ReadOnlySpan<byte> bytes, long fileOffset)
        {
            file.Write(bytes, fileOffset);
            if (fileOffset != _end) return; // scratch space
            _end += bytes.Length;
            WaitingMost = Math.Max(WaitingMost, _end - _waitedFor);
        }

        public void Reserve(long fileOffset, long length) => file.Reserve(fileOffset, length);

        public void SetLength(long length) => file.SetLength(length);

        public void StartWriteBack(long fileOffset, long length)
        {
            Assert.Equal(Started, fileOffset);
            Started += length;
        }

        public void WaitForWriteBack(long fileOffset, long length)
        {
            Assert.Equal((0, Started), (fileOffset, length));
            _waitedFor = Started;
        }

        public void Sync() => Synced++;

        public void Dispose() => file.Dispose();
    }
}
