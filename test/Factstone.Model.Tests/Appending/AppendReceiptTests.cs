using Xunit;

namespace Factstone;

public sealed class AppendReceiptTests
{
    static AppendReceipt Receipt(params StreamAndVersion[] versions) => new()
    {
        FirstPosition = new Position(7),
        LastPosition = new Position(9),
        RecordedAt = HeaderVectors.Time,
        Versions = versions,
    };

    [Fact]
    public void A_receipt_counts_its_facts_and_knows_the_version_of_its_only_stream()
    {
        var receipt = Receipt(new StreamAndVersion("orders/42", 3));
        Assert.Equal(3, receipt.Count);
        Assert.Equal(3, receipt.StreamVersion);
    }

    [Fact]
    public void A_receipt_over_several_streams_has_no_one_version()
    {
        var receipt = Receipt(new StreamAndVersion("orders/42", 3), new StreamAndVersion("orders/43", 1));
        var error = Assert.Throws<InvalidOperationException>(() => receipt.StreamVersion);
        Assert.Contains("2 streams", error.Message, StringComparison.Ordinal);
    }

    // A record formats all its properties as text, and one of them threw. Logging the outcome of an append to two streams failed.
    [Fact]
    public void A_receipt_and_an_outcome_can_be_written_to_a_log_however_many_streams_there_are()
    {
        var receipt = Receipt(new StreamAndVersion("orders/42", 3), new StreamAndVersion("orders/43", 1));
        Assert.Contains("orders/43 v1", receipt.ToString(), StringComparison.Ordinal);
        Assert.Contains("orders/43 v1", new AppendOutcome.Committed(receipt).ToString(), StringComparison.Ordinal);
    }
}
