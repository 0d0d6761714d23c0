using System.Text;
using Factstone.Cli.Imports;

namespace Factstone.Cli.Tests;

public sealed class DelimitedReaderTests
{
    // A stream may arrive in pieces of any size. The records are the same.
    [Theory]
    [InlineData("one\ntwo\n\nthree", "one|two||three")]
    [InlineData("one\n", "one")]
    [InlineData("\n", "")]
    [InlineData("x", "x")]
    public async Task Pieces_do_not_depend_on_how_the_stream_comes(string text, string pieces)
    {
        for (var size = 1; size <= text.Length; size++)
        {
            var reader = new DelimitedReader(new Trickle(Encoding.UTF8.GetBytes(text), size), (byte)'\n', 100);
            var found = new List<string>();
            while (await reader.ReadAsync(TestContext.Current.CancellationToken) is { } piece) found.Add(Encoding.UTF8.GetString(piece.Span));
            Assert.Equal(pieces.Split('|'), found);
            Assert.Equal(text.EndsWith('\n'), reader.WasDelimited);
        }
    }

    [Fact]
    public async Task Nothing_has_no_pieces() =>
        Assert.Null(await new DelimitedReader(new MemoryStream(), (byte)'\n', 100).ReadAsync(TestContext.Current.CancellationToken));

    [Fact]
    public async Task A_piece_longer_than_the_buffer_is_whole_and_one_beyond_the_bound_is_refused()
    {
        var text = new string('x', 300_000);
        var reader = new DelimitedReader(new MemoryStream(Encoding.UTF8.GetBytes($"a\n{text}\nb")), (byte)'\n', 300_000);
        await reader.ReadAsync(TestContext.Current.CancellationToken);
        Assert.Equal(300_000, (await reader.ReadAsync(TestContext.Current.CancellationToken))!.Value.Length);

        var bounded = new DelimitedReader(new MemoryStream(Encoding.UTF8.GetBytes($"a\n{text}\nb")), (byte)'\n', 299_999);
        await bounded.ReadAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, (await Assert.ThrowsAsync<PieceTooLongException>(async () => await bounded.ReadAsync(TestContext.Current.CancellationToken))).Number);
    }

    // A killed git may end at any byte. Within a record the import detects that. Between two files of a commit it cannot, so the last
    // commit of a log waits for git's exit code.
    [Fact]
    public async Task A_log_that_ends_within_a_record_is_refused()
    {
        var hash = new string('a', 40);
        var log = Encoding.UTF8.GetBytes($"commit {hash} 1 x@y\0\n:000000 100644 {hash} {hash} A\0p\0:000000 100644 {hash} {hash} A\0q\0");
        for (var cut = 0; cut < log.Length; cut++)
        {
            var files = 0;
            try
            {
                await foreach (var batch in GitLogParser.ReadAsync(new MemoryStream(log[..cut]), TestContext.Current.CancellationToken)) files += batch.Changes.Count;
            }
            catch (CliException)
            {
                continue;
            }
            Assert.True(cut == 0 || log[cut - 1] == 0, $"cut at {cut}");
            Assert.True(files <= 1, $"cut at {cut}");
        }
    }

    sealed class Trickle(byte[] bytes, int size) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(size, buffer.Length)], cancellationToken);
    }
}
