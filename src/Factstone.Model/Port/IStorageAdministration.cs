namespace Factstone;

/// <summary>The third part of the port: what the operator of a ledger asks.</summary>
/// <remarks>Threads: any.</remarks>
internal interface IStorageAdministration
{
    /// <summary>Where the ledger is, for messages.</summary>
    string Location { get; }

    bool IsReadOnly { get; }

    /// <summary>What the open found and did.</summary>
    OpeningReport Opening { get; }

    /// <summary>Damage known so far. While there is any, appends are refused.</summary>
    IReadOnlyList<Damage> Damage { get; }

    /// <summary>Workers that an unforeseen exception has stopped. For a read-only storage: those of the last writer.</summary>
    IReadOnlyList<WorkerFailure> WorkerFailures { get; }

    /// <summary>What the storage holds, and how much room it takes.</summary>
    StorageStatistics Statistics();
}
