namespace Factstone.Storage;

/// <summary>Locations of one stream, with the versions that the index has for them.</summary>
internal sealed class StreamPage
{
    public FactPage Facts { get; } = new();

    public Location[] Locations { get; private set; } = [];

    /// <summary>Whether no location follows.</summary>
    public bool IsLast { get; set; }

    public StreamVersion VersionAt(int number) => Locations[number].Version;

    public void Grow()
    {
        Facts.Grow();
        if (Locations.Length < Facts.Room) Locations = new Location[Facts.Room];
    }

    /// <summary>Selects the locations from a given one on that follow without a gap in their versions.</summary>
    /// <param name="start">The number of the first one.</param>
    /// <param name="step">1 forward, −1 backward.</param>
    public void ShowDense(int start, int step)
    {
        var end = start + 1;
        while (end < Facts.Count && Locations[end].Version.Value == Locations[end - 1].Version.Value + step) end++;
        Facts.Show(start, end);
    }
}
