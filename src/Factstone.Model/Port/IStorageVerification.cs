namespace Factstone;

/// <summary>A storage that was opened to be verified. The open has read and checked all of the log.</summary>
/// <remarks>Threads: one.</remarks>
internal interface IStorageVerification : IDisposable
{
    /// <summary>The storage, for reading only.</summary>
    IFactStorage Storage { get; }

    /// <summary>Whether a writer had the ledger open at the same time.</summary>
    bool IsBesideWriter { get; }

    /// <summary>What the open found about files other than the log.</summary>
    VerificationFindings Files { get; }

    /// <summary>Compares the index with the log, as the index was when the storage was opened. It does nothing unless a deep verification was requested.</summary>
    /// <param name="progress">Called from time to time with the last position that was compared, and the last one to compare. It may throw to end the comparison.</param>
    VerificationFindings CompareIndex(Action<Position, Position> progress);
}

/// <summary>The findings of one step of a verification.</summary>
/// <param name="Damage">The damage found.</param>
/// <param name="Remade">Files that are missing, damaged or unused, and that the storage creates again.</param>
/// <param name="Compared">The number of index files that were compared with the log.</param>
internal sealed record VerificationFindings(IReadOnlyList<Damage> Damage, IReadOnlyList<Damage> Remade, int Compared);
