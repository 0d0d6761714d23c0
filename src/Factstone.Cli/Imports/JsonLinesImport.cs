using System.Runtime.CompilerServices;

namespace Factstone.Cli.Imports;

/// <summary>Lines of JSON as appends: one for each line, or for consecutive lines with the same value in a field.</summary>
internal static class JsonLinesImport
{
    public static async IAsyncEnumerable<ImportBatch> ReadAsync(Stream source, JsonLinesOptions options, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var lines = new LineReader(source);
        var batch = new OpenBatch(options);
        while (await lines.ReadAsync(ct) is { } content)
        {
            using var line = JsonLine.Parse(content, lines.Number);
            if (!batch.Takes(line)) yield return batch.Close();
            batch.Add(line, content, lines.Number);
            // If each line is an append, it does not wait for the next line.
            if (options.BatchByField is null) yield return batch.Close();
        }
        if (!batch.IsEmpty) yield return batch.Close();
    }

    /// <summary>The append to which lines are being added.</summary>
    sealed class OpenBatch(JsonLinesOptions options)
    {
        List<NewFact> _facts = [];
        string? _group;
        string? _appendId;
        long _firstLine, _lastLine, _bytes;

        public bool IsEmpty => _facts.Count == 0;

        public bool Takes(JsonLine line) => IsEmpty || (options.BatchByField is { } field && line.RequiredText(field) == _group);

        public void Add(JsonLine line, ReadOnlyMemory<byte> bytes, long number)
        {
            var appendId = options.AppendIdField is { } field ? options.AppendIdPrefix + line.RequiredText(field) : null;
            if (IsEmpty)
            {
                (_appendId, _firstLine) = (appendId, number);
                _group = options.BatchByField is { } by ? line.RequiredText(by) : null;
            }
            else if (appendId != _appendId) throw CliException.Refused($"Line {number} has the append id '{appendId}', but belongs to a batch that began in line {_firstLine} with '{_appendId}'.");

            var fact = Fact(line, bytes);
            _facts.Add(fact);
            _bytes += fact.Payload.Length;
            _lastLine = number;
            if (_facts.Count > FactLimits.FactsPerAppendMax || _bytes > FactLimits.AppendBytesMax)
                throw CliException.Refused($"The batch that begins in line {_firstLine} is larger than one append can be ({FactLimits.FactsPerAppendMax:N0} facts, {FactLimits.AppendBytesMax:N0} bytes). Batch by a field that changes more often.");
        }

        public ImportBatch Close()
        {
            var batch = new ImportBatch(new AppendRequest { AppendId = _appendId, OnRepeat = options.OnRepeat, Facts = _facts }, _firstLine == _lastLine ? $"line {_firstLine}" : $"lines {_firstLine} to {_lastLine}");
            _facts = [];
            _bytes = 0;
            return batch;
        }

        NewFact Fact(JsonLine line, ReadOnlyMemory<byte> bytes)
        {
            var stream = new StreamName(options.Store, line.RequiredText(options.KeyField));
            var type = options.TypeField is { } field ? line.Text(field) : null;
            var isRetraction = options.Retract is { } retract && line.Text(retract.Field) == retract.Value;
            return new NewFact(stream, type, Value(line, bytes))
            {
                Retracts = isRetraction,
                ValidFrom = options.ValidFromField is { } time ? line.Time(time, options.TimeUnit) : null,
                Tags = options.TagFields.Count == 0 ? [] : [.. options.TagFields.SelectMany(line.Texts).Distinct(StringComparer.Ordinal)],
            };
        }

        // The line is valid only until the next one is read, and the append is sent later.
        ReadOnlyMemory<byte> Value(JsonLine line, ReadOnlyMemory<byte> bytes) => options.ValueFields.Count == 0 ? bytes.ToArray() : line.Subset(options.ValueFields);
    }
}
