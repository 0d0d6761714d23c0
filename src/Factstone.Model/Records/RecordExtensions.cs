namespace Factstone;

/// <summary>Binds a definition of a store to a ledger.</summary>
public static class RecordExtensions
{
    /// <summary>The records of a store, to read and to write.</summary>
    /// <param name="ledger">The ledger. It need not have the store in <c>LedgerOptions.Records</c>.</param>
    /// <param name="store">The definition of the store.</param>
    public static Records<T> Records<T>(this ILedger ledger, RecordStore<T> store) where T : notnull => new(ledger, store);

    /// <summary>The records of a store as of the point to which the reader is bound.</summary>
    /// <param name="ledger">The reader, such as from <see cref="ILedger.AsOf"/>.</param>
    /// <param name="store">The definition of the store.</param>
    public static RecordReader<T> Records<T>(this ILedgerReader ledger, RecordStore<T> store) where T : notnull => new(ledger, store);
}
