using Factstone.Storage;

namespace Factstone.Tests.Simulation;

/// <summary>A mistake that is made on purpose, and what has to notice it.</summary>
/// <param name="Name">What the test is called by.</param>
/// <param name="Defect">The mistake in the engine; none where the file system makes it.</param>
/// <param name="NoticedBy">Beginnings or parts of the message of the check of the simulation that should notice: any of these.</param>
internal sealed record PlantedMistake(string Name, Defect Defect, params string[] NoticedBy)
{
    /// <summary>No mistake.</summary>
    public static readonly PlantedMistake None = new(nameof(None), Defect.None);

    /// <summary>Mistakes that another suite has to find; docs/testing.md says which.</summary>
    public static readonly Defect[] FoundElsewhere = [];

    public static readonly PlantedMistake[] All =
    [
        .. Enum.GetValues<Defect>().Where(static defect => defect != Defect.None).Select(static defect => new PlantedMistake(defect.ToString(), defect, "")),
    ];

    /// <summary>In so many seeds it has to be found.</summary>
    public int SeedsMax { get; init; } = 1_000;

    /// <summary>What the mistake makes of the file system; null where it leaves it alone.</summary>
    public Func<IFileSystem, IFileSystem>? Files { get; init; }

    public bool IsNoticedBy(Exception failure) => failure is SimulationFailure && NoticedBy.Any(part => failure.Message.Contains(part, StringComparison.Ordinal));
}
