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

    /// <summary>Compares the index with the log, as the index was when the storage was opened. Does nothing unless a deep verification was asked for.</summary>
    /// <param name="progress">Called now and then with the last position that was compared, and the last one to compare. It may throw to end the comparison.</param>
    VerificationFindings CompareIndex(Action<Position, Position> progress);
}

/// <summary>What a step of a verification found.</summary>
/// <param name="Damage">Damage.</param>
/// <param name="Remade">Files that are missing, damaged or unused, and that the storage makes again.</param>
/// <param name="Compared">How many files of the index were compared with the log.</param>
internal sealed record VerificationFindings(IReadOnlyList<Damage> Damage, IReadOnlyList<Damage> Remade, int Compared);
