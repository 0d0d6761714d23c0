namespace Factstone.Bench;

/// <summary>The correct answers of reads of the loaded facts, computed from the facts themselves.</summary>
internal sealed class ExpectedAnswers
{
    readonly LoadedFacts _facts;
    readonly int[] _recordFacts;
    readonly long[] _latest;
    readonly long[] _whole;

    public ExpectedAnswers(LoadedFacts facts)
    {
        _facts = facts;
        var versions = new int[facts.Names.Count];
        _latest = new long[versions.Length];
        _whole = new long[versions.Length];
        var recordFacts = new List<int>();
        for (var i = 0; i < facts.Count; i++)
        {
            var stream = facts.StreamOf(i);
            _latest[stream] = FactDigest.Of(++versions[stream], facts.PayloadOf(i));
            _whole[stream] += _latest[stream];
            Total += TotalField.Hundredths(facts.PayloadOf(i));
            if (stream == facts.Record) recordFacts.Add(i);
        }

        _recordFacts = [.. recordFacts];
    }

    /// <summary>The sum of one field of all facts.</summary>
    public long Total { get; }

    public long Latest(int stream) => _latest[stream];

    public long Whole(int stream) => _whole[stream];

    /// <summary>The number of the first fact of the one record.</summary>
    public int FirstOfRecord => _recordFacts[0];

    /// <summary>The value of the one record right after a fact was written.</summary>
    public long RecordAsOf(int fact)
    {
        var found = Array.BinarySearch(_recordFacts, fact);
        var version = found >= 0 ? found + 1 : ~found;
        return FactDigest.Of(version, _facts.PayloadOf(_recordFacts[version - 1]));
    }
}
