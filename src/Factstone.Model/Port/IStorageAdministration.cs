namespace Factstone;

/// <summary>The third part of the port: information for the operator of a ledger.</summary>
/// <remarks>Threads: any.</remarks>
internal interface IStorageAdministration
{
    /// <summary>Where the ledger is, for messages.</summary>
    string Location { get; }

    bool IsReadOnly { get; }

    /// <summary>What the open found and did.</summary>
    OpeningReport Opening { get; }

    /// <summary>The damage known so far. While there is any, appends are refused.</summary>
    IReadOnlyList<Damage> Damage { get; }

    /// <summary>Workers that an unexpected exception has stopped. For a read-only storage: those of the last writer.</summary>
    IReadOnlyList<WorkerFailure> WorkerFailures { get; }

    /// <summary>The numbers of what the storage contains, and the space that it takes.</summary>
    StorageStatistics Statistics(CancellationToken cancellationToken = default);
}
