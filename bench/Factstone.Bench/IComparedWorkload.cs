namespace Factstone.Bench;

/// <summary>Work that several sides do, each in turn.</summary>
internal interface IComparedWorkload : IAsyncDisposable
{
    /// <summary>The name, such as <c>W5</c>; if a workload has several measurements, such as <c>W7-count</c>.</summary>
    string Name { get; }

    /// <summary>A description, as a phrase.</summary>
    string What { get; }

    /// <summary>The unit of the numbers, such as <c>facts/s</c>.</summary>
    string Unit { get; }

    /// <summary>Whether a repetition may give another number, as with every measurement of time.</summary>
    bool Varies => true;

    /// <summary>The sides; one of them is Factstone.</summary>
    IReadOnlyList<Side> Sides { get; }

    /// <summary>The result that is required; null if the result is only reported.</summary>
    Bar? Must { get; }

    Bar? Goal { get; }

    /// <summary>Creates what the measurement needs, and warms it up.</summary>
    /// <exception cref="InvalidDataException">An answer was wrong.</exception>
    ValueTask PrepareAsync();
}
