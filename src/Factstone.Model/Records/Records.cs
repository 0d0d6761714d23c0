namespace Factstone;

/// <summary>Reads and writes the records of a store. Each value is a fact: earlier values stay readable, by <see cref="AsOf"/> and in the history.</summary>
/// <typeparam name="T">The type of the values.</typeparam>
/// <remarks>
/// <para>Threads: any number. A write is durable when it returns. What can be thrown besides the exceptions named here: see <see cref="ILedger.TryAppendAsync(AppendRequest, CancellationToken)"/>.
/// If it is unknown whether a write is durable, <see cref="AppendUnknownException"/> is thrown.</para>
/// <para>For one atomic append with other facts and cells, take its parts from <see cref="RecordReader{T}.Store"/>.</para>
/// </remarks>
public sealed class Records<T> : RecordReader<T> where T : notnull
{
    readonly ILedger _ledger;

    internal Records(ILedger ledger, RecordStore<T> store) : base(ledger, store) => _ledger = ledger;

    /// <summary>A reader of the records as of a point.</summary>
    /// <param name="time">A position, a recorded time, or <see cref="LedgerTime.Latest"/>. It is checked by each read, not by this call.</param>
    public RecordReader<T> AsOf(LedgerTime time) => new(_ledger.AsOf(time), Store);

    /// <summary>Gives a record a value, whatever it has now.</summary>
    /// <param name="key">Its key, 0..1,024 bytes.</param>
    /// <param name="value">The value. It is written as JSON by this call, not later.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written.</param>
    /// <exception cref="ArgumentException">No record can have this key, or the JSON is too large. Nothing was written.</exception>
    /// <exception cref="FactTypesException">The value cannot be written as JSON. Nothing was written.</exception>
    public ValueTask<AppendReceipt> WriteAsync(string key, T value, CancellationToken cancellationToken = default) =>
        _ledger.AppendAsync(Store.NewValue(key, value), cancellationToken);

    /// <summary>Gives a record a value if it has none: never written, or retracted. Of any number of callers at once, one wins.</summary>
    /// <inheritdoc cref="WriteAsync"/>
    public ValueTask<RecordOutcome<T>> WriteNewAsync(string key, T value, CancellationToken cancellationToken = default) =>
        TryAsync(Store.NewValue(key, value), Store.RecordMissing(key), cancellationToken);

    /// <summary>Gives a record a value if its latest fact has a version.</summary>
    /// <remarks>In a store of whole numbers, write <c>new StreamVersion(3)</c>: a plain number is taken as an expected value there.</remarks>
    /// <param name="key">Its key.</param>
    /// <param name="expectedVersion">The version, from 1; 0 requires that the record has no value.</param>
    /// <param name="value">The new value.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written.</param>
    /// <exception cref="ArgumentException">No record can have this key, or the JSON is too large. Nothing was written.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The version is negative. Nothing was written.</exception>
    /// <exception cref="FactTypesException">The value cannot be written as JSON. Nothing was written.</exception>
    public ValueTask<RecordOutcome<T>> CompareAndWriteAsync(string key, StreamVersion expectedVersion, T value, CancellationToken cancellationToken = default)
    {
        if (expectedVersion < StreamVersion.None)
            throw new ArgumentOutOfRangeException(nameof(expectedVersion), expectedVersion, "A version must not be negative. Versions start at 1, and 0 requires that the record has no value.");
        return TryAsync(Store.NewValue(key, value), Store.RecordAt(key, expectedVersion), cancellationToken);
    }

    /// <summary>Gives a record a value if it has not changed since it was read.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="expected">The record as it was read, of this store and key. Its version is compared.</param>
    /// <param name="value">The new value.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written.</param>
    /// <exception cref="ArgumentException">No record can have this key, the expected record is another one, or the JSON is too large. Nothing was written.</exception>
    /// <exception cref="FactTypesException">The value cannot be written as JSON. Nothing was written.</exception>
    public ValueTask<RecordOutcome<T>> CompareAndWriteAsync(string key, Record<T> expected, T value, CancellationToken cancellationToken = default) =>
        CompareAndWriteAsync(key, VersionOf(key, expected), value, cancellationToken);

    /// <summary>Gives a record a value if it has an expected one.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="expected">The expected value. It is compared as canonical JSON, so spelling and the order of members do not count.</param>
    /// <param name="value">The new value.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written.</param>
    /// <remarks>If the stored JSON differs, it is also compared as <typeparamref name="T"/> would write it now: a member that <typeparamref name="T"/> does not have, or has since got, does not count. Numbers with a fraction are compared as doubles: for amounts with more than 15 digits, compare the version.</remarks>
    /// <exception cref="ArgumentException">No record can have this key, or the JSON is too large. Nothing was written.</exception>
    /// <exception cref="FactTypesException">A value cannot be written as JSON. Nothing was written.</exception>
    /// <exception cref="TooManyConflictsException">Other callers wrote the expected value again and again. Nothing was written.</exception>
    public ValueTask<RecordOutcome<T>> CompareAndWriteAsync(string key, T expected, T value, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(expected);
        var (fact, condition) = (Store.NewValue(key, value), Store.RecordEquals(key, expected));
        return CompareAsync(fact, condition, cancellationToken);
    }

    /// <summary>Takes the value of a record away. Its history stays readable, and its versions go on. A record without a value gets a further retraction.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written.</param>
    /// <exception cref="ArgumentException">No record can have this key. Nothing was written.</exception>
    public ValueTask<AppendReceipt> RetractAsync(string key, CancellationToken cancellationToken = default) =>
        _ledger.AppendAsync(Store.NewRetraction(key), cancellationToken);

    /// <summary>Takes the value of a record away if its latest fact has a version.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="expectedVersion">The version, from 1.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written.</param>
    /// <exception cref="ArgumentException">No record can have this key. Nothing was written.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The version is below 1. Nothing was written.</exception>
    public ValueTask<RecordOutcome<T>> CompareAndRetractAsync(string key, StreamVersion expectedVersion, CancellationToken cancellationToken = default)
    {
        if (expectedVersion <= StreamVersion.None)
            throw new ArgumentOutOfRangeException(nameof(expectedVersion), expectedVersion, "Versions start at 1. A record without a value cannot be retracted on a condition.");
        return TryAsync(Store.NewRetraction(key), Store.RecordAt(key, expectedVersion), cancellationToken);
    }

    /// <summary>Takes the value of a record away if it has not changed since it was read.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="expected">The record as it was read, of this store and key. Its version is compared.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written.</param>
    /// <exception cref="ArgumentException">No record can have this key, or the expected record is another one. Nothing was written.</exception>
    public ValueTask<RecordOutcome<T>> CompareAndRetractAsync(string key, Record<T> expected, CancellationToken cancellationToken = default) =>
        CompareAndRetractAsync(key, VersionOf(key, expected), cancellationToken);

    async ValueTask<RecordOutcome<T>> TryAsync(NewFact fact, AppendCondition condition, CancellationToken cancellationToken)
    {
        var outcome = await _ledger.TryAppendAsync(new AppendRequest(fact) { Conditions = [condition] }, cancellationToken).ConfigureAwait(false);
        if (outcome is AppendOutcome.Conflict conflict) return new RecordOutcome<T>.Conflict(await ActualAsync(conflict, cancellationToken).ConfigureAwait(false));
        return new RecordOutcome<T>.Written(outcome.EnsureCommittedOrDuplicate());
    }

    async ValueTask<RecordOutcome<T>> CompareAsync(NewFact fact, AppendCondition isEqual, CancellationToken cancellationToken)
    {
        var condition = isEqual;
        for (var attempt = 1; ; attempt++)
        {
            var outcome = await TryAsync(fact, condition, cancellationToken).ConfigureAwait(false);
            if (outcome is not RecordOutcome<T>.Conflict { Actual: { } actual } || !Store.IsSame(actual.Fact, isEqual.Value.Span)) return outcome;

            // It is the same value, spelled or written anew: no other append has taken place, if it still has this version.
            if (attempt == TooManyConflictsException.AttemptsMax) throw new TooManyConflictsException($"record {fact.Stream}", attempt);
            condition = AppendCondition.RecordAt(fact.Stream, actual.Version);
        }
    }

    /// <summary>The record as it was when the condition failed, if the conflict has it; otherwise as it is now.</summary>
    async ValueTask<Record<T>?> ActualAsync(AppendOutcome.Conflict conflict, CancellationToken cancellationToken)
    {
        if (conflict.ActualVersion == StreamVersion.None) return null;
        if (conflict.Facts is [.., var last] && last.StreamVersion == conflict.ActualVersion) return last.Retracts ? null : new Record<T>(Store, last);
        return await ReadAsync(conflict.Condition.Stream.Key, cancellationToken).ConfigureAwait(false);
    }

    StreamVersion VersionOf(string key, Record<T> expected)
    {
        ArgumentNullException.ThrowIfNull(expected);
        return expected.Fact.Stream == Store.StreamOf(key)
            ? expected.Version
            : throw new ArgumentException($"The expected record is {expected.Fact.Stream}, and the one to change is {Store.StreamOf(key)}. Read the record that is to change.", nameof(expected));
    }
}
