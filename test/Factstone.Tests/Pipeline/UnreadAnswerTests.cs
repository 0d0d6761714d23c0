using System.Runtime.CompilerServices;
using Factstone.Storage;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Pipeline;

/// <summary>Appends whose results cannot be read.</summary>
public sealed class UnreadAnswerTests
{
    // A disk refused to read the facts that a conflict returns. The caller got an error, but the append stayed on the list of those that a
    // close still reads for. A caller that retried without end filled the memory, and the close then read for each of them again.
    [Fact]
    public void An_answer_that_could_not_be_read_is_not_kept()
    {
        var files = new MemoryFileSystem();
        var watched = new WatchedFiles(files);
        using var ledger = SmallLedger.Open(SmallLedger.Options(watched));
        SmallLedger.AppendOne(ledger);
        watched.Reading = path => throw new LedgerIOException(path, "read", "Input/output error");

        var kept = Conflict(ledger);

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.False(kept.IsAlive);
        watched.Reading = null;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static WeakReference Conflict(Ledger ledger)
    {
        var request = new AppendRequest { Facts = [new NewFact("orders/9", "placed", "1")], Conditions = [AppendCondition.StreamMissing("orders/9")] };
        var answer = ledger.TryAppendAsync(request).AsTask();
        Assert.IsType<LedgerIOException>(answer.Exception!.InnerException);
        return new WeakReference(request.Conditions[0]);
    }
}
