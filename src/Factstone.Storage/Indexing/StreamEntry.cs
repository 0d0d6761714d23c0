namespace Factstone.Storage;

/// <summary>One stream in a memory part: the location of each version, and whether it retracts.</summary>
/// <remarks>Threads: the writer owns the pending head; any thread may read the rest.</remarks>
/// <param name="name">The stream.</param>
/// <param name="before">The head of the stream before this part, as the writer knew it; default if the writer did not need it.</param>
internal sealed class StreamEntry(StreamName name, StreamState before) : IStreamLocations
{
    SmallList<Location> _locations;
    readonly StreamState _before = before;

    public StreamName Name => name;

    /// <summary>The store of the stream; set with the first fact.</summary>
    public StoreEntry? Store { get; set; }

    public ReadOnlySpan<Location> Locations => _locations.Items;

    public int Count => _locations.Count;

    public Location this[int index] => _locations[index];

    /// <summary>The head including the facts of a group that is not durable yet. Only the writer uses it.</summary>
    public StreamState Pending { get; set; } = before;

    /// <summary>The head without the facts of such a group.</summary>
    public StreamState Durable => Count == 0 ? _before : Locations[^1].State;

    /// <summary>The last location at or below a position; default when there is none.</summary>
    public Location LastLocation(Position until)
    {
        var locations = Locations;
        var count = CountUntil(locations, until);
        return count == 0 ? default : locations[count - 1];
    }

    public int CountUntil(Position until) => CountUntil(Locations, until);

    public int CountBelow(StreamVersion version) => CountBelow(Locations, version);

    public static int CountUntil(ReadOnlySpan<Location> locations, Position until)
    {
        if (locations.Length > 0 && locations[^1].Position <= until) return locations.Length;
        return BinarySearch.Count(new Until(locations, until), locations.Length);
    }

    /// <summary>The number of locations with a version below this one.</summary>
    public static int CountBelow(ReadOnlySpan<Location> locations, StreamVersion version) => BinarySearch.Count(new Below(locations, version), locations.Length);

    public void Add(in Location location) => _locations.Add(location);

    readonly ref struct Until(ReadOnlySpan<Location> locations, Position until) : IFirstItems
    {
        readonly ReadOnlySpan<Location> _locations = locations;

        public bool Contains(int number) => _locations[number].Position <= until;
    }

    readonly ref struct Below(ReadOnlySpan<Location> locations, StreamVersion version) : IFirstItems
    {
        readonly ReadOnlySpan<Location> _locations = locations;

        public bool Contains(int number) => _locations[number].Version < version;
    }
}

/// <summary>One fact of a stream: its version, its position, whether it retracts, and its offset in its segment.</summary>
internal readonly struct Location(StreamVersion version, Position position, bool retracts, uint fileOffset = 0)
{
    readonly long _positionAndBit = (position.Value << 1) | (retracts ? 1L : 0L);

    public StreamVersion Version => version;

    /// <summary>The offset, if the run stores it with the stream, so that no lookup by position is necessary; 0 if that lookup is necessary.</summary>
    public uint FileOffset => fileOffset;

    public Position Position => new(_positionAndBit >> 1);

    public bool Retracts => (_positionAndBit & 1) != 0;

    public StreamState State => new(Version, Position, Retracts);

    /// <summary>The same location with the offset in its segment.</summary>
    public Location At(uint offset) => new(Version, Position, Retracts, offset);
}
