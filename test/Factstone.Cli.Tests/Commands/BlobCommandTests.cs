using System.Globalization;
using System.Security.Cryptography;
using Factstone.Cli.Output;

namespace Factstone.Cli.Tests;

public sealed class BlobCommandTests : IDisposable
{
    const string Hello = "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq";
    const string Empty = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";
    const int MebiByte = 1_024 * 1_024;

    readonly TempDirectory _directory = new();
    readonly Cli _cli;

    public BlobCommandTests() => _cli = new Cli(_directory);

    public void Dispose() => _directory.Dispose();

    string FileOf(string cid) => System.IO.Path.Combine(_cli.Ledger, "blobs", cid[56..58], cid);

    [Fact]
    public async Task What_was_put_is_got_and_its_reference_goes_into_a_fact()
    {
        var file = _directory.Write("hello", "hello");
        var put = (await _cli.RunAsync("blob", "put", file, "--mime", "text/plain", "--json")).Ends(ExitCodes.Done);
        Assert.Equal($$"""{"cid":"{{Hello}}","size":5,"mime":"text/plain"}""", Assert.Single(put.Lines));
        Assert.Equal([$"cid           {Hello}", "size          5 bytes", "mime type     application/octet-stream"], (await _cli.RunWithInputAsync([.. "hello"u8], "blob", "put", "-")).Ends(ExitCodes.Done).Lines);
        Assert.Equal(Empty, (await _cli.RunWithInputAsync([], "blob", "put", "-", "--json")).Ends(ExitCodes.Done).Json[0].GetProperty("cid").GetString());

        (await _cli.RunAsync("append", "photos/7", "added", put.Lines[0])).Ends(ExitCodes.Done);
        Assert.Equal("hello", (await _cli.RunAsync("blob", "get", Hello)).Ends(ExitCodes.Done).Output);
        Assert.Equal("hello", (await _cli.RunAsync("blob", "get", Hello, "--out", "-")).Ends(ExitCodes.Done).Output);
        Assert.Equal("", (await _cli.RunAsync("blob", "get", Empty)).Ends(ExitCodes.Done).Output);
        Assert.Equal([$"cid           {Hello}", "size          5 bytes"], (await _cli.RunAsync("blob", "stat", Hello)).Ends(ExitCodes.Done).Lines);
        Assert.Equal([$"cid           {Hello}", "size          5 bytes, verified"], (await _cli.RunAsync("blob", "stat", Hello, "--verify")).Ends(ExitCodes.Done).Lines);
        Assert.Equal([$$"""{"cid":"{{Hello}}","size":5}"""], (await _cli.RunAsync("blob", "stat", Hello, "--json")).Ends(ExitCodes.Done).Lines);
        Assert.Equal([$$"""{"cid":"{{Empty}}","size":0,"verified":true}"""], (await _cli.RunAsync("blob", "stat", Empty, "--verify", "--json")).Ends(ExitCodes.Done).Lines);
    }

    // A name that ends with .gz means nothing here: the file is the content, whatever it is.
    [Fact]
    public async Task Content_goes_to_a_new_file_as_it_is()
    {
        (await _cli.RunWithInputAsync([.. "hello"u8], "blob", "put", "-")).Ends(ExitCodes.Done);
        var file = _directory.At("copy.gz");
        Assert.Equal($"5 bytes, verified, in {file}.", Assert.Single((await _cli.RunAsync("blob", "get", Hello, "--out", file)).Ends(ExitCodes.Done).Lines));
        Assert.Equal("hello", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        (await _cli.RunAsync("blob", "get", Hello, "--out", file)).Fails(ExitCodes.Refused, "exists already");
        var other = _directory.At("other");
        var answer = (await _cli.RunAsync("blob", "get", Hello, "--out", other, "--json")).Ends(ExitCodes.Done).Json[0];
        Assert.Equal((other, Hello, 5), (answer.GetProperty("file").GetString(), answer.GetProperty("cid").GetString(), answer.GetProperty("size").GetInt32()));
        (await _cli.RunAsync("blob", "get", Hello, "--out", _directory.At("none/file"))).Fails(ExitCodes.Failed, "cannot be written");
    }

    [Fact]
    public async Task An_unknown_cid_and_a_damaged_blob_are_told_apart()
    {
        var content = RandomNumberGenerator.GetBytes(MebiByte);
        var cid = (await _cli.RunWithInputAsync(content, "blob", "put", "-", "--json")).Ends(ExitCodes.Done).Json[0].GetProperty("cid").GetString()!;
        (await _cli.RunAsync("blob", "get", Hello)).Fails(ExitCodes.NotFound, Hello);
        (await _cli.RunAsync("blob", "stat", Hello)).Fails(ExitCodes.NotFound, Hello);
        Assert.Equal(("not-found", Hello), Error(await _cli.RunAsync("blob", "stat", Hello, "--json")));

        var bytes = await File.ReadAllBytesAsync(FileOf(cid), TestContext.Current.CancellationToken);
        bytes[1_000_000] ^= 8;
        await File.WriteAllBytesAsync(FileOf(cid), bytes, TestContext.Current.CancellationToken);
        var file = _directory.At("copy");
        var damaged = (await _cli.RunAsync("blob", "get", cid)).Ends(ExitCodes.Damaged);
        Assert.Contains("is damaged", damaged.Error, StringComparison.Ordinal);
        (await _cli.RunAsync("blob", "get", cid, "--out", file)).Fails(ExitCodes.Damaged, "is damaged");
        Assert.False(File.Exists(file) || File.Exists($"{file}.part"));
        (await _cli.RunAsync("blob", "stat", cid)).Ends(ExitCodes.Done);
        Assert.Equal(("damaged", cid), Error(await _cli.RunAsync("blob", "stat", cid, "--verify", "--json")));
        (await _cli.RunAsync("backup", _directory.At("backup"))).Fails(ExitCodes.Damaged, cid);

        (await _cli.RunWithInputAsync(content, "blob", "put", "-")).Ends(ExitCodes.Done);
        (await _cli.RunAsync("blob", "stat", cid, "--verify")).Ends(ExitCodes.Done);
        Assert.Contains("1 blob with 1,048,576 bytes, every one checked.", (await _cli.RunAsync("backup", _directory.At("backup"))).Ends(ExitCodes.Done).Lines);
        var restored = new Cli(_directory, "restored");
        Assert.Contains("1 blob with 1,048,576 bytes, every one checked.", (await restored.RunAsync("restore", _directory.At("backup"))).Ends(ExitCodes.Done).Lines);
        (await restored.RunAsync("blob", "stat", cid, "--verify")).Ends(ExitCodes.Done);
        var backup = new Cli(_directory, "backup");
        (await backup.RunAsync("blob", "stat", cid, "--verify")).Ends(ExitCodes.Done);
        (await backup.RunAsync("blob", "put", _directory.Write("x", "x"))).Fails(ExitCodes.Failed, "is a backup");

        static (string?, string?) Error(CliAnswer answer) => (answer.ErrorJson.GetProperty("error").GetString(), answer.ErrorJson.GetProperty("cid").GetString());
    }

    [Theory]
    [InlineData("QmRN6wdp1S2A5EtjW9A3M1vKSBuQQGcgvuhoMUoEz4iiT5", "version 0")]
    [InlineData("BAFKREIBM6JG3UX5QUMHCN2B3FLC3TYU6DMLB4XA7U5BF44YEGNRJHC4YEQ", "lower case")]
    [InlineData("bafybeibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq", "codec is not raw")]
    [InlineData(Hello + " ", "white space")]
    [InlineData("../LOCK", "not the CID")]
    [InlineData("", "empty")]
    public async Task A_text_that_is_no_cid_is_a_usage_error(string cid, string saying)
    {
        foreach (var command in new[] { "get", "stat" }) (await _cli.RunAsync("blob", command, cid)).Fails(ExitCodes.Refused, saying);
        Assert.False(Directory.Exists(_cli.Ledger));
    }

    [Fact]
    public async Task What_cannot_be_put_changes_nothing()
    {
        (await _cli.RunAsync("blob", "put", _directory.At("none"))).Fails(ExitCodes.Failed, "cannot be read");
        (await _cli.RunAsync("blob", "put", _directory.Path)).Fails(ExitCodes.Failed, "cannot be read");
        (await _cli.RunAsync("blob", "put", "-", "--mime", "png")).Fails(ExitCodes.Refused, "--mime: 'png' is not a mime type");
        (await _cli.RunAsync("blob", "put", "-", "--mime", $"text/{new string('x', 251)}")).Fails(ExitCodes.Refused, "at most 255");
        (await _cli.RunAsync("blob", "get", Hello)).Fails(ExitCodes.Failed, "There is no ledger");
        Assert.False(Directory.Exists(_cli.Ledger));
        (await _cli.RunAsync("blob", "put", _directory.Write("hello", "hello"))).Ends(ExitCodes.Done);
        Assert.Equal("usage", (await _cli.RunAsync("blob", "get", Hello, "--json")).Ends(ExitCodes.Refused).ErrorJson.GetProperty("error").GetString());
    }

    [Fact]
    public async Task A_terminal_gets_no_content_unless_it_is_asked_for()
    {
        (await _cli.RunAsync("blob", "put", _directory.Write("hello", "hello"))).Ends(ExitCodes.Done);
        using var output = new MemoryStream();
        using var error = new StringWriter();
        var host = new CliHost { Input = Stream.Null, Output = new StandardOutput(output, isTerminal: true), Error = new StandardError(error, isTerminal: true) };
        Assert.Equal(ExitCodes.Refused, await new CommandLine(host).RunAsync(["blob", "get", Hello, "--data", _cli.Ledger], TestContext.Current.CancellationToken));
        Assert.Contains("--out FILE", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Done, await new CommandLine(host).RunAsync(["blob", "get", Hello, "--out", "-", "--data", _cli.Ledger], TestContext.Current.CancellationToken));
        Assert.Equal("hello"u8.ToArray(), output.ToArray());
    }

    [Fact]
    public async Task A_put_runs_beside_a_writer_and_one_that_is_killed_leaves_nothing_for_long()
    {
        await using var ledger = await Ledger.OpenAsync(_cli.Ledger, cancellationToken: TestContext.Current.CancellationToken);
        await using (var killed = CliProcess.Start(["blob", "put", "-", "--data", _cli.Ledger]))
        {
            for (var i = 0; Parts() == 0 && i < 500; i++)
            {
                await killed.Input.BaseStream.WriteAsync(new byte[MebiByte], TestContext.Current.CancellationToken);
                await Task.Delay(10, TestContext.Current.CancellationToken);
            }

            Assert.Equal(1, Parts());
            (await _cli.RunAsync("blob", "put", _directory.Write("hello", "hello"), "--lock-wait", "0")).Ends(ExitCodes.Done);
            Assert.Equal(1, Parts());
            killed.Kill();
        }

        (await _cli.RunAsync("blob", "put", _directory.Write("other", "other"), "--lock-wait", "0")).Ends(ExitCodes.Done);
        Assert.Equal(0, Parts());
        Assert.True(await ledger.Blobs.ExistsAsync(Cid.Parse(Hello), TestContext.Current.CancellationToken));

        int Parts() => Directory.Exists(System.IO.Path.Combine(_cli.Ledger, "blobs")) ? Directory.GetFiles(System.IO.Path.Combine(_cli.Ledger, "blobs"), "*.part", SearchOption.AllDirectories).Length : 0;
    }

    // The heap may have half of the content, so a command that collected it would fail.
    [Fact]
    public Task A_blob_of_64_mebibytes_streams_in_and_out_in_64_mebibytes_of_memory() => StreamAsync(64L * MebiByte);

    [Fact(Explicit = true)]
    public Task Two_gibibytes_stream_in_and_out_in_64_mebibytes_of_memory() => StreamAsync(2_048L * MebiByte);

    async Task StreamAsync(long size)
    {
        if (!OperatingSystem.IsLinux()) return;
        var environment = new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = "0x2000000" };
        var chunk = RandomNumberGenerator.GetBytes(MebiByte);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string cid;
        await using (var put = CliProcess.Start(["blob", "put", "-", "--json", "--data", _cli.Ledger], environment))
        {
            for (var written = 0L; written < size; written += chunk.Length)
            {
                BitConverter.TryWriteBytes(chunk, written);
                hash.AppendData(chunk);
                await put.Input.BaseStream.WriteAsync(chunk);
            }

            HasLittleMemory(put, "put");
            put.Input.Close();
            cid = (await put.EndAsync()).Ends(ExitCodes.Done).Json[0].GetProperty("cid").GetString()!;
        }

        var digest = hash.GetHashAndReset();
        Assert.Equal(Cid.FromDigest(digest).ToString(), cid);
        await using var get = CliProcess.Start(["blob", "get", cid, "--data", _cli.Ledger], environment);
        get.Input.Close();
        for (var left = size; left > 0;)
        {
            var read = await get.Output.ReadAsync(chunk.AsMemory(0, (int)Math.Min(chunk.Length, left)));
            Assert.NotEqual(0, read);
            hash.AppendData(chunk.AsSpan(0, read));
            left -= read;
            if (left > MebiByte && left <= MebiByte + read) HasLittleMemory(get, "get"); // near the end, when the process still waits for its output to be read
        }

        (await get.EndAsync()).Ends(ExitCodes.Done);
        Assert.Equal(digest, hash.GetHashAndReset());
    }

    /// <summary>The peak of the whole process, the runtime included.</summary>
    static void HasLittleMemory(CliProcess process, string command)
    {
        var peak = File.ReadLines($"/proc/{process.Id}/status").Single(static line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        var kibibytes = long.Parse(peak.AsSpan(6, peak.Length - 6 - " kB".Length), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture);
        TestContext.Current.SendDiagnosticMessage($"blob {command}: {kibibytes:N0} KiB at most");
        Assert.InRange(kibibytes, 1, 64 * 1_024);
    }
}
