namespace Factstone.Storage;

/// <summary>Places of one stream, with the versions that the index gives them.</summary>
internal sealed class StreamPage
{
    public FactPage Facts { get; } = new();

    public Place[] Places { get; private set; } = [];

    /// <summary>Whether nothing comes behind it.</summary>
    public bool IsLast { get; set; }

    public StreamVersion VersionAt(int number) => Places[number].Version;

    public void Grow()
    {
        Facts.Grow();
        if (Places.Length < Facts.Room) Places = new Place[Facts.Room];
    }

    /// <summary>Shows what follows from one on without a version left out.</summary>
    /// <param name="start">Its number.</param>
    /// <param name="step">1 forward, −1 backward.</param>
    public void ShowDense(int start, int step)
    {
        var end = start + 1;
        while (end < Facts.Count && Places[end].Version.Value == Places[end - 1].Version.Value + step) end++;
        Facts.Show(start, end);
    }
}
