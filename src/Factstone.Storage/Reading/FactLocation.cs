using System.Buffers;

namespace Factstone.Storage;

/// <summary>The location of a fact according to the index.</summary>
/// <param name="Position">The position of the fact.</param>
/// <param name="Segment">The file; null if the log is too damaged to know it.</param>
/// <param name="FileOffset">The offset in the file.</param>
internal readonly record struct FactLocation(Position Position, Segment? Segment, long FileOffset);

/// <summary>Locations of facts that are read one after the other. They are found together, so that nothing is held while the facts are read.</summary>
/// <remarks>A read of one fact uses a small page; a read that continues gets larger ones.</remarks>
internal sealed class FactPage : IDisposable
{
    const int FactsMin = 16;
    const int FactsMax = 256;

    FactLocation[] _locations = [];

    /// <summary>The number of locations.</summary>
    public int Count { get; private set; }

    /// <summary>The maximal number of locations.</summary>
    public int Room { get; private set; }

    /// <summary>The number of the first location to read, from 0.</summary>
    public int Start { get; private set; }

    /// <summary>The number after that of the last location to read.</summary>
    public int End { get; private set; }

    public ref readonly FactLocation this[int number] => ref _locations[number];

    /// <summary>Makes room for as many locations as before, or more.</summary>
    public void Grow()
    {
        if (Room < FactsMax)
        {
            var room = Room == 0 ? FactsMin : Room * 4;
            Dispose();
            _locations = ArrayPool<FactLocation>.Shared.Rent(room);
            Room = room;
        }

        Clear();
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        if (_locations.Length > 0) ArrayPool<FactLocation>.Shared.Return(_locations, clearArray: true);
        (_locations, Room) = ([], 0);
        Clear();
    }

    public void Clear() => Count = Start = End = 0;

    public void Add(in FactLocation location)
    {
        _locations[Count++] = location;
        End = Count;
    }

    /// <summary>Sets which of the locations are read.</summary>
    public void Show(int start, int end) => (Start, End) = (start, end);
}
