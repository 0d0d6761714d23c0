namespace Factstone.Storage;

/// <summary>Where the index says that a fact is.</summary>
/// <param name="Position">The fact.</param>
/// <param name="Segment">The file; null where the log is too damaged to tell.</param>
/// <param name="FileOffset">The place in it.</param>
internal readonly record struct FactLocation(Position Position, Segment? Segment, long FileOffset);

/// <summary>Places of facts that are read one after the other: found together, so that nothing is held while they are read.</summary>
/// <remarks>Whoever wants one fact gets it with a small page; whoever reads on gets larger ones.</remarks>
internal sealed class FactPage
{
    const int FactsMin = 16;
    const int FactsMax = 256;

    FactLocation[] _locations = [];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>How many there may be.</summary>
    public int Room => _locations.Length;

    /// <summary>The first to be read, by number from 0.</summary>
    public int Start { get; private set; }

    /// <summary>Behind the last to be read.</summary>
    public int End { get; private set; }

    public ref readonly FactLocation this[int number] => ref _locations[number];

    /// <summary>Makes room for as many as there were, or more.</summary>
    public void Grow()
    {
        if (_locations.Length < FactsMax) _locations = new FactLocation[_locations.Length == 0 ? FactsMin : _locations.Length * 4];
        Clear();
    }

    public void Clear() => Count = Start = End = 0;

    public void Add(in FactLocation location)
    {
        _locations[Count++] = location;
        End = Count;
    }

    /// <summary>Which of them are to be read.</summary>
    public void Show(int start, int end) => (Start, End) = (start, end);
}
