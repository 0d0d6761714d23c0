using System.Globalization;
using System.Text;
using Factstone.Storage;

namespace Factstone.Bench;

/// <summary>Runs of an index without a ledger, so that a merge of many terms can be measured without loading facts first.</summary>
/// <remarks>
/// Of n terms in all runs, n / 2 are streams of two facts, n / 4 tags of one fact, and n / 4 cells. So there are n
/// facts. All facts are of one store and of one type, whose lists are the two long ones. Each stream, tag and cell is in
/// one run; in the order of terms, the runs alternate.
/// </remarks>
/// <param name="files">The disk.</param>
/// <param name="directory">The directory for the runs.</param>
/// <param name="terms">The number of terms of all runs.</param>
internal sealed class SyntheticRuns(IFileSystem files, string directory, long terms)
{
    const int FactsPerSegment = 400_000;
    const int FactBytes = 320;
    const int LocationsPerAdd = 64;

    public const int Runs = RunPlan.RunsPerMerge;

    /// <summary>The number of terms must be a multiple of this.</summary>
    public const int TermsMultiple = Runs * 4;

    long FactsPerRun => terms / Runs;

    /// <summary>The number of terms of a merged run. The two long lists are terms too.</summary>
    public long Terms => terms + 2;

    /// <summary>Writes all runs.</summary>
    public void Write()
    {
        for (var run = 0; run < Runs; run++)
        {
            using var file = files.Open(PathOf(run), FileOpening.CreateNew);
            Write(run, file);
        }
    }

    /// <summary>Opens all runs.</summary>
    public List<Run> Open() => [.. Enumerable.Range(0, Runs).Select(run => Open(PathOf(run)))];

    public Run Open(string path) => Run.Inspect(files.Open(path, FileOpening.ReadOnly), out var wrong, maps: true) ?? throw new InvalidDataException(wrong);

    /// <summary>Looks up terms that exist, and some that do not.</summary>
    public void Check(Run merged)
    {
        const int LookUps = 100_000;
        if (merged.Footer.Terms != Terms) throw new InvalidDataException($"{merged.Footer.Terms:N0} of {Terms:N0} terms are there.");
        var random = new Random(1);
        for (var i = 0; i < LookUps; i++)
        {
            var (run, number) = (random.Next(Runs), random.NextInt64(FactsPerRun / 2));
            var stream = new StreamName("orders", Key(run, number));
            var found = merged.LastLocation(stream, TermKey.Of(TermKey.Encode(Term.Stream(stream))), new Position(long.MaxValue));
            if (found.Position != Second(run, number)) throw new InvalidDataException($"The stream {stream} is at {found.Position}.");
            if (merged.FindCell(default, TermKey.Of(TermKey.Encode(Term.Cell(Cell(run, number / 2)))))?.Version.Value != (number / 2) + 1) throw new InvalidDataException($"The cell {Cell(run, number / 2)} is not there.");
            var absent = TermKey.Of(TermKey.Encode(Term.Cell(new CellName("settings", Key(run, number / 2) + "x"))));
            if (merged.FindCell(default, absent) is not null) throw new InvalidDataException("A term is there that was never written.");
        }
    }

    string PathOf(int run) => $"{directory}/{run}.run";

    Position FirstOf(int run) => new((run * FactsPerRun) + 1);

    /// <summary>The second fact of a stream. The distance of the first fact from the run's first position is the number of the stream.</summary>
    Position Second(int run, long number) => new(FirstOf(run).Value + (FactsPerRun / 2) + number);

    static uint OffsetOf(Position position) => (uint)(64 + (position.Value % FactsPerSegment * FactBytes));

    static string Key(int run, long number) => ((number * Runs) + run).ToString("x12", CultureInfo.InvariantCulture);

    void Write(int run, IStorageFile file)
    {
        var first = FirstOf(run);
        var last = new Position(first.Value + FactsPerRun - 1);
        using var writer = new RunWriter(file, first);
        for (var position = first; position <= last; position = position.Next()) writer.AddLocation(OffsetOf(position));
        for (var segment = (first.Value - 1) / FactsPerSegment; segment <= (last.Value - 1) / FactsPerSegment; segment++)
        {
            var segmentBase = new Position((segment * FactsPerSegment) + 1);
            writer.AddSegment(segmentBase < first ? first : segmentBase, segmentBase, 1);
        }

        for (var position = first; position <= last; position = new Position(position.Value + RunFormat.FactsPerTimeRow)) writer.AddTime(new TimeRow(position.Value, position, IsAll: false));
        WriteStreams(run, writer);
        WriteList(writer, new Term(TermKind.Store, "orders"), first, last, streams: FactsPerRun / 2);
        WriteList(writer, new Term(TermKind.Type, "placed"), first, last, streams: 0);
        for (var number = 0L; number < FactsPerRun / 4; number++)
        {
            var position = new Position(first.Value + number);
            WriteList(writer, new Term(TermKind.Tag, $"t:{Key(run, number)}"), position, position, streams: 0);
        }

        WriteCells(run, writer);
        foreach (var _ in writer.FinishSteps(default, epoch: 1, last, new LogLocation(new Position(1), 1, last.Value), default, first.Value, last.Value)) { }
    }

    void WriteStreams(int run, RunWriter writer)
    {
        var first = FirstOf(run);
        Span<byte> buffer = stackalloc byte[TermKey.BytesMax];
        for (var number = 0L; number < FactsPerRun / 2; number++)
        {
            var begins = new Position(first.Value + number);
            var goesOn = Second(run, number);
            writer.BeginList(TermKey.Encode(Term.Stream(new StreamName("orders", Key(run, number))), buffer).Bytes, 2, streams: 0);
            writer.Add([new Location(new StreamVersion(1), begins, retracts: false, OffsetOf(begins)), new Location(new StreamVersion(2), goesOn, retracts: false, OffsetOf(goesOn))]);
            writer.EndList();
        }
    }

    static void WriteList(RunWriter writer, in Term term, Position first, Position last, long streams)
    {
        Span<byte> buffer = stackalloc byte[TermKey.BytesMax];
        Span<Location> locations = stackalloc Location[LocationsPerAdd];
        writer.BeginList(TermKey.Encode(term, buffer).Bytes, last.Value - first.Value + 1, streams);
        for (var position = first.Value; position <= last.Value;)
        {
            var count = (int)Math.Min(LocationsPerAdd, last.Value - position + 1);
            for (var i = 0; i < count; i++) locations[i] = new Location(default, new Position(position++), retracts: false);
            writer.Add(locations[..count]);
        }

        writer.EndList();
    }

    void WriteCells(int run, RunWriter writer)
    {
        Span<byte> value = stackalloc byte[CellEntryFormat.BytesMax];
        for (var number = 0L; number < FactsPerRun / 4; number++)
        {
            var entry = new CellEntry(new CellVersion(number + 1), IsDeleted: false, default, new LogLocation(new Position(1), 1, number));
            writer.AddValue(TermKey.Encode(Term.Cell(Cell(run, number))), value[..CellEntryFormat.Write(value, entry)]);
        }
    }

    static CellName Cell(int run, long number) => new("settings", Key(run, number));
}
