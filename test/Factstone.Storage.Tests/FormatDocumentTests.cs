using System.Globalization;
using System.Reflection;
using System.Text;
using Factstone.Storage;
using Xunit;

namespace Factstone;

/// <summary>docs/format.md gives the offset of each byte of the files.</summary>
public sealed class FormatDocumentTests
{
    static readonly LedgerId Ledger = new(new Guid("6f9619ff-8b86-4d01-b42d-00cf4fc964ff"));
    static readonly long Time = Microseconds.From(new DateTimeOffset(2023, 11, 14, 22, 13, 20, TimeSpan.Zero));

    static readonly SegmentHeader Header = new()
    {
        Format = 1,
        LedgerId = Ledger,
        Epoch = 2,
        Generation = 1,
        Sequence = 3,
        BasePosition = new Position(1_000_000),
        Nonce = 0x1122334455667788,
        PreviousBase = new Position(500_000),
        PreviousGeneration = 4,
        PreviousEnd = 70_000,
        BaseTime = Time,
    };

    static DocumentSection Section(string heading) => DocumentSection.Read("docs/format.md", heading);

    static string Example(string name) => Assert.Single(Section("Examples of files").Hex(name));

    static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexString(bytes);

    static int Number(string text) => int.Parse(text, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    static int Constant(Type format, string name) =>
        (int)(format.GetField(name, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            ?? throw new InvalidOperationException($"{format.Name} has no constant {name}, which docs/format.md names.")).GetRawConstantValue()!;

    /// <summary>
    /// Compares one table with the constants whose names end in At: every field is present, with the stated offset and length.
    /// </summary>
    static void Compare(Type format, IReadOnlyList<string[]> table, string end, HashSet<string> constants)
    {
        for (var i = 0; i < table.Count; i++)
        {
            var name = table[i][2] + "At";
            Assert.True(constants.Remove(name), $"{format.Name} has no constant {name}, or the document has it twice.");
            Assert.True(Number(table[i][0]) == Constant(format, name), $"{format.Name}.{name} is {Constant(format, name)}; the document says {table[i][0]}.");
            var next = i + 1 < table.Count ? Number(table[i + 1][0]) : Constant(format, end);
            if (end.Length > 0) Assert.True(Number(table[i][0]) + Number(table[i][1]) == next, $"{table[i][2]} has {table[i][1]} bytes from {table[i][0]} on, but the next begins at {next}.");
        }
    }

    static HashSet<string> Offsets(Type format) =>
        [.. format.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic).Where(field => field.IsLiteral && field.Name.EndsWith("At", StringComparison.Ordinal)).Select(field => field.Name)];

    static void AllAreNamed(Type format, HashSet<string> left) =>
        Assert.True(left.Count == 0, $"docs/format.md does not say where these constants of {format.Name} are: {string.Join(", ", left)}.");

    [Theory]
    [InlineData("Segment", typeof(SegmentHeader), nameof(SegmentHeader.Bytes))]
    [InlineData("Frame", typeof(FrameFormat), nameof(FrameFormat.FixedBytes))]
    [InlineData("Cell in a frame", typeof(CellFormat), nameof(CellFormat.FixedBytes))]
    [InlineData("Head", typeof(HeadSlot), nameof(HeadSlot.Bytes))]
    public void The_document_gives_every_field_its_place_and_length(string heading, Type format, string end)
    {
        var constants = Offsets(format);
        Compare(format, Section(heading).Table("offset", "bytes", "field"), end, constants);
        AllAreNamed(format, constants);
    }

    [Fact]
    public void The_document_gives_the_lengths_of_a_fact_their_places()
    {
        var rows = Section("Fact in a frame").Table("offset", "bytes", "field");
        var constants = Offsets(typeof(FactFormat));
        // The last field has no fixed length.
        Compare(typeof(FactFormat), [.. rows.SkipLast(1)], "LengthsAt", constants);
        Assert.Equal("Lengths", rows[^1][2]);
        Assert.Equal(Constant(typeof(FactFormat), "LengthsAt"), Number(rows[^1][0]));
        constants.Remove("LengthsAt");
        AllAreNamed(typeof(FactFormat), constants);
    }

    [Fact]
    public void The_document_gives_every_field_of_the_manifest_its_place_and_length()
    {
        var tables = Section("Manifest").Tables("offset", "bytes", "field");
        Assert.Equal(3, tables.Count);
        var constants = Offsets(typeof(ManifestFormat));
        Compare(typeof(ManifestFormat), tables[0], "EntriesAt", constants);
        Compare(typeof(ManifestFormat), tables[1], "EntryBytes", constants);
        Compare(typeof(ManifestFormat), tables[2], "AdditionBytes", constants);
        constants.Remove("EntriesAt");
        AllAreNamed(typeof(ManifestFormat), constants);
    }

    [Fact]
    public void The_document_gives_every_field_of_a_backup_its_place_and_length()
    {
        var constants = Offsets(typeof(BackupFormat));
        Compare(typeof(BackupFormat), Section("Backup").Table("offset", "bytes", "field"), "ManifestAt", constants);
        constants.Remove("ManifestAt");
        AllAreNamed(typeof(BackupFormat), constants);
    }

    [Fact]
    public void A_backup_has_the_documents_bytes()
    {
        var first = Header with { Format = 2, PreviousBase = Position.None, PreviousGeneration = 0 };
        var backup = new BackupContent
        {
            Manifest = new Manifest { LedgerId = Ledger, Epoch = 2, Generation = 7, Segments = [first] },
            End = new HeadSlot
            {
                Sequence = 1,
                LedgerId = Ledger,
                Epoch = 2,
                ManifestGeneration = 7,
                Position = new Position(1_000_001),
                RecordedAt = Time,
                SegmentBase = new Position(1_000_000),
                SegmentGeneration = 1,
                FileOffset = 320,
                IsClean = true,
            },
            MadeAt = Time + 1_000_000,
        };
        Assert.Equal(Example("backup"), Hex(BackupFormat.Write(backup)));
        var read = BackupFormat.Read(Convert.FromHexString(Example("backup")), out _)!;
        Assert.Equal((backup.End, backup.MadeAt, first), (read.End, read.MadeAt, Assert.Single(read.Manifest.Segments)));
        Assert.StartsWith(Example("backup")[128..^8], Example("manifest-2"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_document_gives_every_field_of_a_lost_frame_its_place_and_length()
    {
        var tables = Section("Lost facts").Tables("offset", "bytes", "field");
        Assert.Equal(2, tables.Count);
        var constants = Offsets(typeof(LostFormat));
        Compare(typeof(LostFormat), tables[0], "ListsAt", constants);
        Compare(typeof(LostFormat), tables[1], "AppendIdAt", constants);
        constants.Remove("ListsAt");
        constants.Remove("AppendIdAt");
        AllAreNamed(typeof(LostFormat), constants);
    }

    [Theory]
    [InlineData("Frame", typeof(FrameFormat))]
    [InlineData("Fact in a frame", typeof(FactFormat))]
    [InlineData("Cell in a frame", typeof(CellFormat))]
    public void The_documents_other_numbers_are_those_of_the_code(string heading, Type format)
    {
        foreach (var row in Section(heading).Table("number", "value"))
            Assert.Equal((row[0], Constant(format, row[0].Trim('`'))), (row[0], Number(row[1])));
    }

    [Fact]
    public void The_document_names_the_files_of_a_ledger()
    {
        var layout = new LedgerLayout("");
        string[] named = [.. Section("Files").Table("file").Select(row => row[0].Trim('`'))];
        foreach (var path in new[] { layout.Lock, layout.Head, layout.Manifest, layout.Spare, layout.Backup, layout.Unfinished }) Assert.Contains(path[1..], named);
        Assert.Equal("00000000000001000000.000001.log", Header.Name);
    }

    [Fact]
    public void The_document_names_the_files_and_the_bytes_of_blobs()
    {
        var left = Offsets(typeof(CidText));
        Compare(typeof(CidText), Section("Blobs").Table("offset", "bytes", "field"), "Bytes", left);
        Assert.Empty(left);
        var paths = Section("Blobs").Table("content", "path");
        Assert.Equal(2, paths.Count);
        foreach (var row in paths)
            Assert.Equal(row[1].Trim('`'), new BlobLayout("blobs").Blob(Cid.Of(row[0] == "none" ? [] : Encoding.UTF8.GetBytes(row[0].Trim('`')))));
        Assert.Equal("blobs/new/7", new BlobLayout("blobs").Seat(7));
        Assert.Matches("^seat/[0-9a-f]{32}[.]part$", BlobLayout.NewPart("seat"));
    }

    // If one of the following tests fails, the format on disk has changed. Raise LedgerLayout.Format and add an example; do not edit the
    // bytes in the document. They were created without our own code.
    [Theory]
    [InlineData("segment", 1)]
    [InlineData("segment-2", 2)]
    public void A_segment_begins_with_the_documents_bytes(string example, int format)
    {
        var header = Header with { Format = format };
        var bytes = new byte[SegmentHeader.Bytes];
        bytes.AsSpan().Fill(0xFF);
        header.Write(bytes);
        Assert.Equal(Example(example), Hex(bytes));
        Assert.Equal(header, SegmentHeader.Read(Convert.FromHexString(Example(example)), out _));
    }

    [Fact]
    public void A_frame_has_the_documents_bytes()
    {
        using var segment = new Segment(new MemoryFileSystem().Open("/segment", FileOpening.CreateNew), Header, Ledger.Tag);
        var salt = Convert.FromHexString("000102030405060708090A0B0C0D0E0F");
        var metadata = Encoding.UTF8.GetBytes("""{"user":"ada"}""");
        byte[] order = [.. salt, .. metadata, .. Encoding.UTF8.GetBytes("""{"total":50}""")];

        var bytes = new byte[512];
        bytes.AsSpan().Fill(0xFF);
        var frame = new FrameBuilder(bytes, segment, Encoding.UTF8.GetBytes("order-42"), factCount: 2);
        frame.AddFact(WritersHeader(1_000_000, 1), CallersHeader(), order, metadata.Length);
        frame.AddFact(WritersHeader(1_000_001, 2), CallersHeader(), salt, metadataLength: 0);
        var length = frame.Finish(FrameKind.Batch, SegmentHeader.Bytes, SegmentHeader.Bytes, new Position(1_000_000), time: 0);
        Assert.Equal(Example("frame"), Hex(bytes.AsSpan(0, length)));

        bytes.AsSpan().Fill(0xFF);
        var closing = new FrameBuilder(bytes, segment, [], factCount: 0);
        var at = SegmentHeader.Bytes + length;
        length = closing.Finish(FrameKind.Closing, at, at, new Position(1_000_002), Time);
        Assert.Equal(Example("closing"), Hex(bytes.AsSpan(0, length)));
    }

    [Fact]
    public void What_a_repair_writes_has_the_documents_bytes()
    {
        var repaired = Header with { Format = 2, Generation = 2, LastCommonPosition = new Position(900_000), FirstGeneration = 1, LiveEnd = 456, RepairEpoch = 3, LastLost = 320 };
        var bytes = new byte[SegmentHeader.Bytes];
        repaired.Write(bytes);
        Assert.Equal(Example("segment-repaired"), Hex(bytes));
        Assert.Equal(repaired, SegmentHeader.Read(bytes, out _));

        var first = repaired with { PreviousBase = Position.None, PreviousGeneration = 0 };
        var manifest = new Manifest { LedgerId = Ledger, Epoch = 2, Generation = 8, Segments = [first] };
        Assert.Equal(Example("manifest-repaired"), Hex(ManifestFormat.Write(manifest)));
        Assert.Equal(first, Assert.Single(ManifestFormat.Read(Convert.FromHexString(Example("manifest-repaired")), out _)!.Segments));

        using var segment = new Segment(new MemoryFileSystem().Open("/segment", FileOpening.CreateNew), repaired, Ledger.Tag);
        var lost = new LostFrame
        {
            First = new Position(1_000_001),
            Last = new Position(1_000_003),
            Known = [[.. WritersHeader(1_000_001, 2), .. CallersHeader()]],
            Appends = [new LostAppend("order-42", new Position(1_000_000), 2, Time)],
        };
        bytes = new byte[512];
        bytes.AsSpan().Fill(0xFF);
        var length = LostFormat.Write(bytes, lost, segment, fileOffset: 320, Time);
        Assert.Equal(Example("lost"), Hex(bytes.AsSpan(0, length)));
        Assert.True(FrameFormat.TryReadHeader(bytes, 320, Ledger.Tag, segment.Seed, out var header));
        var read = LostFormat.Read(bytes, header, segment.Seed)!;
        Assert.Equal((lost.First, lost.Last, 3L, 2L), (read.First, read.Last, read.Count, read.UnknownCount));
        Assert.Equal(lost.Known[0], read.Known[0]);
        Assert.Equal(lost.Appends, read.Appends);
    }

    [Fact]
    public void A_frame_of_cells_has_the_documents_bytes()
    {
        using var segment = new Segment(new MemoryFileSystem().Open("/segment", FileOpening.CreateNew), Header with { Format = 2 }, Ledger.Tag);
        var bytes = new byte[512];
        bytes.AsSpan().Fill(0xFF);
        var frame = new FrameBuilder(bytes, segment, "c-1"u8, factCount: 0, cellCount: 2);
        frame.AddCell(new CellHead { BucketLength = 8, IsDelete = false, Version = 1, RecordedAt = Time }, "settingstheme"u8, "\"dark\""u8);
        frame.AddCell(new CellHead { BucketLength = 8, IsDelete = true, Version = 7, RecordedAt = Time }, "settingsold"u8, []);
        const long at = 368;
        var length = frame.Finish(FrameKind.Batch, at, at, new Position(1_000_002), Time);
        Assert.Equal(Example("cells"), Hex(bytes.AsSpan(0, length)));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void Cells_are_read_in_a_segment_whose_format_knows_them(int format, bool isRead)
    {
        var header = Header with { Format = format };
        var bytes = Convert.FromHexString(Example(format == 1 ? "segment" : "segment-2") + Example("frame") + new string('0', 96) + Example("cells"));
        var file = new MemoryFileSystem().Open("/segment", FileOpening.CreateNew);
        file.Write(bytes, 0);
        using var segment = new Segment(file, header, Ledger.Tag);
        using var window = new FileWindow(64 * 1_024, 1_024 * 1_024);
        var reader = new FrameReader(segment, window);
        Assert.Equal(isRead, reader.TryReadHeader(368, out var frame));
        if (!isRead) return;
        Assert.True(reader.IsWhole(frame));
        var cells = new CellReader(new LedgerLayout("l"), new SegmentDirectory(), new DamageLog(), window).ReadFrame(segment, 368);
        Assert.Equal(["settings/theme v1 False", "settings/old v7 True"], cells.Select(cell => $"{cell.Cell} v{cell.Version} {cell.IsDelete}"));
        Assert.Equal("\"dark\"", Encoding.UTF8.GetString(cells[0].Value.Span));
    }

    [Fact]
    public void The_documents_frames_are_read_as_whole()
    {
        var files = new MemoryFileSystem();
        var bytes = Convert.FromHexString(Example("segment") + Example("frame") + Example("closing"));
        var file = files.Open("/segment", FileOpening.CreateNew);
        file.Write(bytes, 0);
        using var segment = new Segment(file, Header, Ledger.Tag);
        using var window = new FileWindow(64 * 1_024, 1_024 * 1_024);
        var walk = SegmentWalk.Run(new FrameReader(segment, window), SegmentHeader.Bytes, bytes.Length, new Position(1_000_000), NullVisitor.Instance);
        Assert.Equal(bytes.Length, walk.FileOffset);
        Assert.Equal(new Position(1_000_002), walk.Next);
        Assert.Equal(FrameKind.Closing, walk.LastKind);
    }

    [Theory]
    [InlineData("manifest", 1)]
    [InlineData("manifest-2", 2)]
    public void A_manifest_has_the_documents_bytes(string example, int format)
    {
        // An entry does not describe the segment before it. The entry before does, and the first has none.
        var first = Header with { Format = format, PreviousBase = Position.None, PreviousGeneration = 0 };
        var manifest = new Manifest { LedgerId = Ledger, Epoch = 2, Generation = 7, Segments = [first] };
        Assert.Equal(Example(example), Hex(ManifestFormat.Write(manifest)));
        var read = ManifestFormat.Read(Convert.FromHexString(Example(example)), out _)!;
        Assert.Equal(first, Assert.Single(read.Segments));
        Assert.Equal((7, 2, Ledger), (read.Generation, read.Epoch, read.LedgerId));
    }

    // A ledger that is in use before and after an upgrade has both formats.
    [Fact]
    public void A_manifest_keeps_the_format_of_each_segment()
    {
        var first = Header with { PreviousBase = Position.None, PreviousGeneration = 0 };
        var second = Header with { Format = 2, Sequence = 4, Generation = 2, PreviousBase = Header.BasePosition, PreviousGeneration = 1 };
        var manifest = new Manifest { LedgerId = Ledger, Epoch = 2, Generation = 8, Segments = [first, second] };
        Assert.Equal([first, second], ManifestFormat.Read(ManifestFormat.Write(manifest), out _)!.Segments);
    }

    [Fact]
    public void A_slot_of_the_head_has_the_documents_bytes()
    {
        var slot = new HeadSlot
        {
            Sequence = 9,
            LedgerId = Ledger,
            Epoch = 2,
            ManifestGeneration = 7,
            Position = new Position(1_000_001),
            RecordedAt = Time,
            SegmentBase = new Position(1_000_000),
            SegmentGeneration = 1,
            FileOffset = 400,
            IsClean = true,
        };
        var bytes = new byte[HeadSlot.Bytes];
        slot.Write(bytes);
        Assert.Equal(Example("head"), Hex(bytes));
        Assert.Equal(slot, HeadSlot.Read(bytes));
    }

    static byte[] WritersHeader(long position, long version)
    {
        var bytes = new byte[64];
        var header = new HeaderWriter(bytes);
        header.Start();
        header.Integer(HeaderField.Position, (ulong)position);
        header.Integer(HeaderField.StreamVersion, (ulong)version);
        header.Time(HeaderField.RecordedAt, Time);
        return bytes[..header.Length];
    }

    static byte[] CallersHeader()
    {
        var bytes = new byte[64];
        var header = new HeaderWriter(bytes);
        header.Text(HeaderField.Store, "orders");
        header.Text(HeaderField.Key, "42");
        return bytes[..header.Length];
    }
}
