using System.Globalization;
using System.Runtime.CompilerServices;

namespace Factstone.Cli.Imports;

/// <summary>Groups the lines of an export into the original appends: lines of one ledger with the same recorded time are one batch.</summary>
internal static class ExportedImport
{
    public static async IAsyncEnumerable<ImportBatch> ReadAsync(Stream source, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var lines = new LineReader(source);
        var batch = new OpenBatch();
        while (await lines.ReadAsync(ct) is { } content)
        {
            var line = ExportedLine.Read(content, lines.Number);
            if (!batch.IsEmpty && (line is not ExportedFact next || !batch.Takes(next))) yield return batch.Close();
            if (line is ExportedFact fact) batch.Add(fact);
            else yield return (ImportBatch)line;
        }

        if (!batch.IsEmpty) yield return batch.Close();
    }

    /// <summary>The append to which lines are being added.</summary>
    sealed class OpenBatch
    {
        List<ExportedFact> _lines = [];
        ExportedFact? _last;
        long _bytes;

        public bool IsEmpty => _lines.Count == 0;

        public bool Takes(ExportedFact fact) => IsEmpty || (fact.Ledger == _last!.Ledger && fact.RecordedAt == _last.RecordedAt);

        public void Add(ExportedFact fact)
        {
            if (_last is { } before && before.Ledger == fact.Ledger && (fact.Position <= before.Position || fact.RecordedAt < before.RecordedAt))
                throw CliException.Refused($"Line {fact.Line} does not follow line {before.Line}: it has position {fact.Position} after {before.Position}, or an earlier time. Keep the lines of an export in their order.");

            _lines.Add(fact);
            _last = fact;
            _bytes += fact.Fact.Payload.Length;
            if (_lines.Count > FactLimits.FactsPerAppendMax || _bytes > FactLimits.AppendBytesMax)
                throw CliException.Refused($"The batch that begins in line {_lines[0].Line} is larger than one append can be ({FactLimits.FactsPerAppendMax:N0} facts, {FactLimits.AppendBytesMax:N0} bytes).");
        }

        public ExportedBatch Close()
        {
            var (first, last) = (_lines[0], _lines[^1]);
            var request = new AppendRequest
            {
                AppendId = string.Create(CultureInfo.InvariantCulture, $"export:{first.Ledger}:{first.Position.Value}"),
                Facts = Facts(),
                Conditions = Conditions(),
                KeepsTypes = true,
            };
            var batch = new ExportedBatch(request, first.Line == last.Line ? $"line {first.Line}" : $"lines {first.Line} to {last.Line}", _lines);
            _lines = [];
            _bytes = 0;
            return batch;
        }

        List<NewFact> Facts()
        {
            var facts = new List<NewFact>(_lines.Count);
            var indexes = new Dictionary<Guid, int>();
            foreach (var line in _lines)
            {
                var isCausedHere = line.Cause is { } cause && indexes.ContainsKey(cause);
                facts.Add(line.Fact with
                {
                    Metadata = OriginMetadata.With(line),
                    CausationIndex = isCausedHere ? indexes[line.Cause!.Value] : null,
                });
                indexes.TryAdd(line.Id, indexes.Count);
            }

            return facts;
        }

        /// <summary>Each stream is at the version before its first fact here, and the facts here continue it without a gap.</summary>
        List<AppendCondition> Conditions()
        {
            var conditions = new List<AppendCondition>();
            var versions = new Dictionary<StreamName, StreamVersion>();
            foreach (var line in _lines)
            {
                if (!versions.TryGetValue(line.Fact.Stream, out var before)) conditions.Add(AppendCondition.StreamAt(line.Fact.Stream, new StreamVersion(line.Version.Value - 1)));
                else if (line.Version != before.Next()) throw CliException.Refused($"Line {line.Line} has version {line.Version} of {line.Fact.Stream} after version {before}: a version is missing.");
                versions[line.Fact.Stream] = line.Version;
            }

            return conditions;
        }
    }
}
