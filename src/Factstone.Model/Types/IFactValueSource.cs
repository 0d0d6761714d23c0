namespace Factstone;

/// <summary>A ledger that gives values also to facts that did not come from a read, such as those of a decision in flight.</summary>
/// <remarks>An interface of its own, because an internal member of <see cref="ILedgerReader"/> could not be implemented by mocks and proxies.</remarks>
internal interface IFactValueSource
{
    /// <summary>Gives facts their values; null if the ledger was opened without types and records.</summary>
    FactValues? Values { get; }
}
