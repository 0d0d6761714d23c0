namespace Factstone.Storage;

/// <summary>The locations of a stream in a damaged run: from the run while its blocks are whole, then from the log.</summary>
internal sealed class GuardedLocations(IStreamLocations ofRun, Func<IStreamLocations> scan) : IStreamLocations
{
    IStreamLocations _locations = ofRun;

    public int Count => Ask(static (locations, _) => locations.Count, 0);

    public Location this[int index] => Ask(static (locations, index) => locations[index], index);

    public int CountUntil(Position until) => Ask(static (locations, until) => locations.CountUntil(until), until);

    public int CountBelow(StreamVersion version) => Ask(static (locations, version) => locations.CountBelow(version), version);

    T Ask<TAbout, T>(Func<IStreamLocations, TAbout, T> question, TAbout about)
    {
        try
        {
            return question(_locations, about);
        }
        catch (RunDamagedException)
        {
            _locations = scan();
            return question(_locations, about);
        }
    }
}

/// <summary>The locations of a stream that a scan of the log found.</summary>
internal sealed class ScannedLocations(Location[] locations) : IStreamLocations
{
    public int Count => locations.Length;

    public Location this[int index] => locations[index];

    public int CountUntil(Position until) => StreamEntry.CountUntil(locations, until);

    public int CountBelow(StreamVersion version) => StreamEntry.CountBelow(locations, version);
}
