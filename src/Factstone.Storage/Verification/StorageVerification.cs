namespace Factstone.Storage;

/// <summary>Verifies what a ledger has beside its log: the manifest, the published end, and the index.</summary>
/// <remarks>The log was verified by the open, which walks all of it.</remarks>
internal sealed class StorageVerification : IStorageVerification
{
    readonly ReadOnlyStorage _storage;

    /// <summary>Taken before anything is read: a read of a damaged run replaces it by one in memory.</summary>
    readonly IReadOnlyList<Run> _runs;

    StorageVerification(ReadOnlyStorage storage, string root, bool isDeep)
    {
        _storage = storage;
        _runs = isDeep ? storage.Runs() : [];
        List<Damage> remade = [.. storage.UnusedRuns()];
        if (storage.Opening.ManifestWasRebuilt) remade.Add(WholeFile($"{root}/MANIFEST", "The file is missing, damaged or of another ledger. The segments contain everything that it says."));
        if (storage.Opening.HeadWasRebuilt) remade.Add(WholeFile($"{root}/HEAD", "The file is missing, of another ledger or of another epoch, or one of its two slots is damaged."));
        Files = new VerificationFindings(storage.UnusedRunsOfBackup(), remade, Compared: 0);
    }

    public IFactStorage Storage => _storage;

    public bool IsBesideWriter => _storage.IsBesideWriter;

    public VerificationFindings Files { get; }

    /// <param name="files">The disk.</param>
    /// <param name="root">The directory of the ledger.</param>
    /// <param name="isDeep">Whether the index will be compared with the log.</param>
    /// <param name="cancellationToken">Ends the open.</param>
    public static StorageVerification Open(IFileSystem files, string root, bool isDeep, CancellationToken cancellationToken)
    {
        var storage = FileStorage.OpenReadOnly(files, root, new StorageOptions { PreallocationBytesMax = 0, WalksAll = true, MarksSuspicion = false }, cancellationToken);
        try
        {
            return new StorageVerification(storage, root, isDeep);
        }
        catch
        {
            storage.Dispose();
            throw;
        }
    }

    public VerificationFindings CompareIndex(Action<Position, Position> progress)
    {
        var (compared, damage, damagedBlocks) = _storage.VerifyRuns(_runs, position => progress(position, _runs[^1].Last));
        return new VerificationFindings(damage, damagedBlocks, compared);
    }

    public void Dispose() => _storage.Dispose();

    static Damage WholeFile(string path, string why) => new(path, 0, Position.None, Position.None, why);
}
