namespace Factstone;

/// <summary>A receipt in the ledger: the evidence of a truncation, a repair or a restore. It is a fact of the store <c>$receipts</c>.</summary>
/// <param name="Fact">The fact. Its payload is the receipt as JSON.</param>
public sealed record LedgerReceipt(Fact Fact)
{
    /// <summary>What it is the evidence of: <c>truncated</c>, <c>repaired</c> or <c>restored</c>.</summary>
    public string Kind => Fact.Type ?? "";

    /// <summary>The content, if it is the receipt of a truncation; otherwise null.</summary>
    public TruncationReceipt? Truncation { get; } = TruncationReceiptJson.Read(Fact);
}
