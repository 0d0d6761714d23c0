namespace Factstone.Bench;

/// <summary>Work that is done by several sides, each in turn.</summary>
internal interface IComparedWorkload : IAsyncDisposable
{
    /// <summary>Such as <c>W5</c>; where a workload has several readings, <c>W7-count</c>.</summary>
    string Name { get; }

    /// <summary>As a phrase.</summary>
    string What { get; }

    /// <summary>What the numbers are, such as <c>facts/s</c>.</summary>
    string Unit { get; }

    /// <summary>Whether doing it again may give another number, as with everything that takes time.</summary>
    bool Varies => true;

    /// <summary>Factstone's is among them.</summary>
    IReadOnlyList<Side> Sides { get; }

    /// <summary>Null where it is only reported.</summary>
    Bar? Must { get; }

    Bar? Goal { get; }

    /// <summary>Makes what is needed, and warms it.</summary>
    /// <exception cref="InvalidDataException">An answer was wrong.</exception>
    ValueTask PrepareAsync();
}
