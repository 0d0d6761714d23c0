using System.Globalization;
using System.Reflection;
using System.Text;
using Xunit;

namespace Factstone;

/// <summary>docs/format.md agrees with the code.</summary>
public sealed class FormatDocumentTests
{
    static DocumentSection Section(string heading) => DocumentSection.Read("docs/format.md", heading);

    static string Code(string cell) => cell.Trim('`');

    [Fact]
    public void The_document_lists_the_fields_of_a_header() => Assert.Equal(
        Enum.GetValues<HeaderField>().Select(field => $"{(int)field} {field} {HeaderView.KindOf(field)}"),
        Section("Fact header").Table("number", "field", "kind").Select(row => string.Join(' ', row[..3])));

    [Fact]
    public void The_document_lists_the_kinds_of_values() => Assert.Equal(
        Enum.GetValues<HeaderValue>().Select(kind => $"{(int)kind} {kind}"),
        Section("Fact header").Table("kind", "name").Select(row => string.Join(' ', row[..2])));

    [Fact]
    public void The_document_lists_every_limit() => Assert.Equal(
        typeof(FactLimits).GetFields(BindingFlags.Public | BindingFlags.Static).Select(limit => string.Create(CultureInfo.InvariantCulture, $"{limit.Name} {limit.GetRawConstantValue():N0}")),
        Section("Fact header").Table("limit", "value").Select(row => $"{Code(row[0])} {row[1]}"));

    [Fact]
    public void The_documents_headers_are_the_frozen_ones() => Assert.Equal(
        [
            HeaderVectors.Minimal, HeaderVectors.FromYear1, HeaderVectors.BeforeEpoch, HeaderVectors.FromYear9999, HeaderVectors.EmptyKey,
            HeaderVectors.EveryField, HeaderVectors.ManySources, HeaderVectors.UnknownFields, HeaderVectors.WritersAndCallersFields,
        ],
        Section("Fact header").Hex("text"));

    [Fact]
    public void The_documents_ids_are_what_the_code_makes()
    {
        var rows = Section("Fact id").Table("ledger", "tag");
        Assert.Equal(3, rows.Count);
        var ledger = new LedgerId(new Guid(rows[0][0]));
        Assert.Equal(rows[0][1], ledger.Tag.ToString("X8", CultureInfo.InvariantCulture));
        foreach (var row in rows)
        {
            var recordedAt = Microseconds.From(DateTimeOffset.Parse(row[2], CultureInfo.InvariantCulture));
            var position = new Position(long.Parse(row[3], CultureInfo.InvariantCulture));
            Assert.Equal(row[4], FactId.Create(recordedAt, position, ledger.Tag).ToString());
        }

        Assert.Equal(128, Section("Fact id").Table("bits", "value").Sum(row => int.Parse(row[0], CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void The_documents_hashes_are_the_frozen_ones() =>
        Assert.Equal(FactHashTests.All, Section("Hashes").Table("hash", "of", "is").Select(row => row[2]));

    [Fact]
    public void The_documents_cursors_are_what_the_code_writes_and_reads()
    {
        var rows = Section("Cursor").Table("ledger", "epoch", "position", "leaf", "cursor");
        Assert.Equal(4, rows.Count);
        var ledger = new LedgerId(new Guid(rows[0][0]));
        foreach (var row in rows)
        {
            var cursor = new LedgerCursor(ledger, long.Parse(row[1], CultureInfo.InvariantCulture), new Position(long.Parse(row[2], CultureInfo.InvariantCulture)))
            {
                Leaf = row[3].Length == 0 ? null : uint.Parse(row[3].AsSpan(0, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
            };
            Assert.Equal(Code(row[4]), cursor.ToString());
            Assert.Equal(cursor, LedgerCursor.Parse(Code(row[4])));
        }
    }

    [Fact]
    public void The_documents_checkpoint_is_what_the_code_writes_and_reads()
    {
        var text = Assert.Single(Section("Checkpoint of a consumer").Lines("checkpoint"));
        var checkpoint = new Checkpoint(
            LedgerCursor.Parse("6f9619ff-8b86-4d01-b42d-00cf4fc964ff/1@1.26245bf3"),
            [new() { Store = "orders", Types = ["order placed", "paid"] }],
            new Guid("0191d2c4-77aa-4c1e-9d0b-2f6a4e8b1c55"));
        var cell = checkpoint.ToCell("mail");
        Assert.Equal("$consumers/mail", cell.Cell.ToString());
        Assert.Equal(text, Encoding.UTF8.GetString(cell.Value.Span));
        Assert.Equal(checkpoint, Checkpoint.Read(new Cell { Bucket = "$consumers", Name = "mail", Version = 1, Value = Encoding.UTF8.GetBytes(text), RecordedAt = default }));
    }

    [Fact]
    public void The_documents_truncation_is_what_the_code_writes_and_reads()
    {
        var lines = Section("Truncated streams").Lines("truncation");
        Assert.Equal(2, lines.Count);
        var cell = TruncationCell.ToCell("orders/42", 4, new Position(7));
        Assert.Equal("$truncated/orders/42", cell.Cell.ToString());
        Assert.Equal(lines[0], Encoding.UTF8.GetString(cell.Value.Span));
        Assert.Equal((4, 7), TruncationCell.Read(Encoding.UTF8.GetBytes(lines[0]), "orders/42") is var read ? (read.Through.Value, read.LastPosition.Value) : default);

        var receipt = TruncationReceiptJson.ToFact(new TruncationReceipt
        {
            Stream = "orders/42",
            FirstVersion = 1,
            Through = 4,
            Facts = 4,
            FirstPosition = new Position(1),
            LastPosition = new Position(7),
            IsDelete = false,
            Reason = "older than 30 days",
            By = "job 7",
            Head = new Position(20),
            Position = Position.None,
        });
        Assert.Equal(("$receipts/truncate", "truncated", lines[1]), (receipt.Stream.ToString(), receipt.Type, Encoding.UTF8.GetString(receipt.Payload.Span)));
    }

    [Fact]
    public void The_documents_canonical_form_is_what_the_code_writes()
    {
        var row = Assert.Single(Section("Canonical JSON").Table("text", "canonical form"));
        Assert.Equal(Code(row[1]), Encoding.UTF8.GetString(CanonicalJson.Encode(Encoding.UTF8.GetBytes(Code(row[0])))));
        Assert.Equal(row[2], ValueHash.ComputeText(Encoding.UTF8.GetBytes(Code(row[0]))));
    }
}
