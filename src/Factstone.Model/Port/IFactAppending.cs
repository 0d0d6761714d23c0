namespace Factstone;

/// <summary>The second part of the port: prepares appends, and begins the group that decides and writes them.</summary>
/// <remarks>Threads: <see cref="Prepare"/> any number, <see cref="Begin"/> the writer's.</remarks>
internal interface IFactAppending
{
    /// <summary>Reads what the writer will need to decide an append and does not have in memory, so that the writer reads no file. For the append's caller.</summary>
    /// <param name="append">The append.</param>
    /// <param name="committed">The facts of the committed append with the same id, where there is one.</param>
    /// <returns>What was read, for <see cref="IAppendSession.Consider"/>; null when an append with the same id is committed.</returns>
    /// <exception cref="LedgerDamagedException">What the writer will need is damaged.</exception>
    AppendSnapshot? Prepare(PreparedAppend append, out AppendSpan committed);

    /// <summary>Begins a group at the exact head. A session that was not committed leaves nothing.</summary>
    /// <exception cref="LedgerDamagedException">The ledger is damaged. Nothing can be appended.</exception>
    IAppendSession Begin();
}
