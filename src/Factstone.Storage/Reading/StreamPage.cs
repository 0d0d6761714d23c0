using System.Buffers;

namespace Factstone.Storage;

/// <summary>Locations of one stream, with the versions that the index has for them.</summary>
internal sealed class StreamPage : IDisposable
{
    Location[] _locations = [];

    public FactPage Facts { get; } = new();

    /// <summary>As many as the page has room for.</summary>
    public Span<Location> Locations => _locations.AsSpan(0, Facts.Room);

    /// <summary>Whether no location follows.</summary>
    public bool IsLast { get; set; }

    public StreamVersion VersionAt(int number) => Locations[number].Version;

    public void Grow()
    {
        Facts.Grow();
        if (_locations.Length >= Facts.Room) return;
        Return();
        _locations = ArrayPool<Location>.Shared.Rent(Facts.Room);
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        Facts.Dispose();
        Return();
    }

    void Return()
    {
        if (_locations.Length > 0) ArrayPool<Location>.Shared.Return(_locations);
        _locations = [];
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
