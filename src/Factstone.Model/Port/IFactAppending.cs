namespace Factstone;

/// <summary>The second part of the port: prepares appends, and begins the group that decides and writes them.</summary>
/// <remarks>Threads: any thread may call <see cref="Prepare"/>; only the writer calls <see cref="Begin"/>.</remarks>
internal interface IFactAppending
{
    /// <summary>Reads what the writer will need to decide an append and does not have in memory, so that the writer reads no file. The append's caller calls it.</summary>
    /// <param name="append">The append.</param>
    /// <param name="committed">The facts of the committed append with the same id, if there is one.</param>
    /// <param name="cancellationToken">Ends a scan of the log, where the index is damaged.</param>
    /// <returns>The snapshot for <see cref="IAppendSession.Consider"/>; null when an append with the same id is committed.</returns>
    /// <exception cref="LedgerDamagedException">Data that the writer will need is damaged.</exception>
    AppendSnapshot? Prepare(PreparedAppend append, out AppendSpan committed, CancellationToken cancellationToken = default);

    /// <summary>Begins a group at the exact head. A session that was not committed leaves no trace.</summary>
    /// <exception cref="LedgerDamagedException">The ledger is damaged. Nothing can be appended.</exception>
    IAppendSession Begin();
}
