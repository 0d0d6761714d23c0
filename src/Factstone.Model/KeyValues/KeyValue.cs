using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;

namespace Factstone;

/// <summary>Current values by name, without history: the cells of one bucket, as values of one type.</summary>
/// <typeparam name="T">The type of the values.</typeparam>
/// <remarks>
/// <para>Threads: any number. A write is durable when it returns. What can be thrown besides the exceptions named here: see <see cref="ILedger.TryAppendAsync(AppendRequest, CancellationToken)"/>.
/// If it is unknown whether a write is durable, <see cref="AppendUnknownException"/> is thrown, and the write is never repeated.</para>
/// <para>A name has 0..1,024 bytes, and a value at most 4 MiB of JSON. Names are ordered by unsigned UTF-8 bytes.</para>
/// <para>The members that return a <see cref="NewCell"/> or an <see cref="AppendCondition"/> are the parts of one append with facts and other cells; see <see cref="AppendRequest"/>.</para>
/// </remarks>
public sealed class KeyValue<T> where T : notnull
{
    readonly ILedger _ledger;
    readonly TypedJson<T> _json;

    internal KeyValue(ILedger ledger, string bucket, JsonTypeInfo<T> json)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        ArgumentNullException.ThrowIfNull(bucket);
        ArgumentNullException.ThrowIfNull(json);
        if (NameCheck.ForAppending(new CellName(bucket, "")) is { } wrong) throw new ArgumentException(wrong, nameof(bucket));
        (_ledger, Bucket, _json) = (ledger, bucket, new TypedJson<T>(json));
    }

    /// <summary>The bucket.</summary>
    public string Bucket { get; }

    /// <summary>An entry; null if it has no value: never written, or deleted.</summary>
    /// <exception cref="ArgumentException">No entry can have this name.</exception>
    /// <exception cref="LedgerDamagedException">The cell is damaged, or a damaged stretch of the log may hide a newer write of it.</exception>
    public async ValueTask<KeyValueEntry<T>?> GetAsync(string name, CancellationToken cancellationToken = default) =>
        await _ledger.ReadCellAsync(Bucket, Checked(name), cancellationToken).ConfigureAwait(false) is { } cell ? new KeyValueEntry<T>(_json, cell) : null;

    /// <summary>The value of an entry, or another value if it has none.</summary>
    /// <exception cref="CellValueException">The stored JSON does not become a <typeparamref name="T"/>.</exception>
    /// <inheritdoc cref="GetAsync"/>
    public async ValueTask<T> GetValueOrDefaultAsync(string name, T defaultValue, CancellationToken cancellationToken = default) =>
        await GetAsync(name, cancellationToken).ConfigureAwait(false) is { } entry ? entry.Value : defaultValue;

    /// <summary>Whether an entry has a value. The value need not become a <typeparamref name="T"/>.</summary>
    /// <inheritdoc cref="GetAsync"/>
    public async ValueTask<bool> HasAsync(string name, CancellationToken cancellationToken = default) =>
        await GetAsync(name, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>The names of the entries that have a value, in their order, without reading the values.</summary>
    /// <param name="options">The prefix of the names, the name after which to continue, and the number of names; null for all.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="ArgumentException">A prefix or name in the options is not possible, or the limit is negative.</exception>
    /// <exception cref="LedgerDamagedException">A damaged stretch of the log may hide an entry.</exception>
    public IAsyncEnumerable<string> ListNamesAsync(CellListOptions? options = null, CancellationToken cancellationToken = default)
    {
        PageCheck.Names(options);
        return List(cancellationToken);

        async IAsyncEnumerable<string> List([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await foreach (var cell in _ledger.ListCellNamesAsync(Bucket, options, cancellationToken).ConfigureAwait(false)) yield return cell.Name;
        }
    }

    /// <summary>The entries that have a value, in the order of their names. Each is as of the moment when it is reached.</summary>
    /// <param name="options">The prefix of the names, the name after which to continue, and the number of entries; null for all.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="ArgumentException">A prefix or name in the options is not possible, or the limit is negative.</exception>
    /// <exception cref="LedgerDamagedException">The next cell is damaged, or a damaged stretch of the log may hide an entry.</exception>
    public IAsyncEnumerable<KeyValueEntry<T>> ListAsync(CellListOptions? options = null, CancellationToken cancellationToken = default)
    {
        PageCheck.Names(options);
        return List(cancellationToken);

        async IAsyncEnumerable<KeyValueEntry<T>> List([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await foreach (var cell in _ledger.ListCellsAsync(Bucket, options, cancellationToken).ConfigureAwait(false)) yield return new KeyValueEntry<T>(_json, cell);
        }
    }

    /// <summary>Gives an entry a value, whatever it has now.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">The value. It is written as JSON by this call, not later.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written.</param>
    /// <returns>The entry as it was stored.</returns>
    /// <exception cref="ArgumentException">No entry can have this name, or the JSON is too large. Nothing was written.</exception>
    /// <exception cref="FactTypesException">The value cannot be written as JSON. Nothing was written.</exception>
    public async ValueTask<KeyValueEntry<T>> PutAsync(string name, T value, CancellationToken cancellationToken = default)
    {
        var cell = NewValue(name, value);
        return new KeyValueEntry<T>(_json, cell, await _ledger.AppendAsync(new AppendRequest { Cells = [cell] }, cancellationToken).ConfigureAwait(false), value);
    }

    /// <summary>Gives an entry a value if it has none: never written, or deleted. Of any number of callers at once, one wins.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">The value.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written.</param>
    /// <exception cref="ArgumentException">No entry can have this name, or the JSON is too large. Nothing was written.</exception>
    /// <exception cref="FactTypesException">The value cannot be written as JSON. Nothing was written.</exception>
    public ValueTask<KeyValueOutcome<T>> PutNewAsync(string name, T value, CancellationToken cancellationToken = default) =>
        PutAsync(NewValue(name, value), value, CellAbsent(name), cancellationToken);

    /// <summary>Removes the value of an entry, whatever it is. The version counts on. To delete an entry without a value is a write like any other.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written.</param>
    /// <exception cref="ArgumentException">No entry can have this name. Nothing was written.</exception>
    public ValueTask<AppendReceipt> DeleteAsync(string name, CancellationToken cancellationToken = default) =>
        _ledger.AppendAsync(new AppendRequest { Cells = [NewDelete(name)] }, cancellationToken);

    /// <summary>Removes the value of an entry if it has not changed since it was read or stored.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="expected">The entry as it was read or stored, with this name. Its version is compared.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written.</param>
    /// <exception cref="ArgumentException">No entry can have this name, or the expected entry is another one. Nothing was written.</exception>
    public async ValueTask<KeyValueOutcome<T>> CompareAndDeleteAsync(string name, KeyValueEntry<T> expected, CancellationToken cancellationToken = default)
    {
        var (cell, condition) = (NewDelete(name), CellAt(name, VersionOf(name, expected)));
        return await TryAsync(cell, condition, cancellationToken).ConfigureAwait(false) is { } receipt
            ? new KeyValueOutcome<T>.Deleted(receipt.CellVersions[0].Version)
            : new KeyValueOutcome<T>.Conflict(await GetAsync(name, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Gives an entry a value if it has not changed since it was read or stored.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="expected">The entry as it was read or stored, with this name. Its version is compared, not its value.</param>
    /// <param name="value">The new value.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written.</param>
    /// <exception cref="ArgumentException">No entry can have this name, the expected entry is another one, or the JSON is too large. Nothing was written.</exception>
    /// <exception cref="FactTypesException">The value cannot be written as JSON. Nothing was written.</exception>
    public ValueTask<KeyValueOutcome<T>> CompareAndSwapAsync(string name, KeyValueEntry<T> expected, T value, CancellationToken cancellationToken = default) =>
        CompareAndSwapAsync(name, VersionOf(name, expected), value, cancellationToken);

    /// <summary>Gives an entry a value if its last write has a version.</summary>
    /// <remarks>In a bucket of whole numbers, write <c>new CellVersion(3)</c>: a plain number is taken as an expected value there.</remarks>
    /// <param name="name">Its name.</param>
    /// <param name="expectedVersion">The version, from 1; 0 requires that the entry has no value.</param>
    /// <param name="value">The new value.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written.</param>
    /// <exception cref="ArgumentException">No entry can have this name, or the JSON is too large. Nothing was written.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The version is negative. Nothing was written.</exception>
    /// <exception cref="FactTypesException">The value cannot be written as JSON. Nothing was written.</exception>
    public ValueTask<KeyValueOutcome<T>> CompareAndSwapAsync(string name, CellVersion expectedVersion, T value, CancellationToken cancellationToken = default)
    {
        if (expectedVersion < CellVersion.None)
            throw new ArgumentOutOfRangeException(nameof(expectedVersion), expectedVersion, "A version must not be negative. Versions start at 1, and 0 requires that the entry has no value.");
        return PutAsync(NewValue(name, value), value, CellAt(name, expectedVersion), cancellationToken);
    }

    /// <summary>Gives an entry a value if it has an expected one.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="expected">The expected value. It is compared as JSON, so spelling and the order of members do not count; numbers are compared exactly.</param>
    /// <param name="value">The new value.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written.</param>
    /// <remarks>If the stored JSON differs, it is also compared as <typeparamref name="T"/> would write it now: a member that <typeparamref name="T"/> does not have, or has since got, does not count.</remarks>
    /// <exception cref="ArgumentException">No entry can have this name, or the JSON is too large. Nothing was written.</exception>
    /// <exception cref="FactTypesException">A value cannot be written as JSON. Nothing was written.</exception>
    /// <exception cref="TooManyConflictsException">Other callers wrote the expected value again and again. Nothing was written.</exception>
    public async ValueTask<KeyValueOutcome<T>> CompareAndSwapAsync(string name, T expected, T value, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(expected);
        var (cell, expectedJson) = (NewValue(name, value), Write(name, expected));
        for (var attempt = 1; attempt <= TooManyConflictsException.AttemptsMax; attempt++)
        {
            // The condition is on the version that was compared, because a condition on the value would compare bytes.
            var actual = await GetAsync(name, cancellationToken).ConfigureAwait(false);
            if (actual is null || !_json.IsSame(actual.Json.Span, expectedJson)) return new KeyValueOutcome<T>.Conflict(actual);
            if (await TryAsync(cell, CellAt(name, actual.Version), cancellationToken).ConfigureAwait(false) is { } receipt)
                return new KeyValueOutcome<T>.Stored(new KeyValueEntry<T>(_json, cell, receipt, value));
        }

        throw new TooManyConflictsException($"entry {cell.Cell}", TooManyConflictsException.AttemptsMax);
    }

    /// <summary>Changes an entry by a function of its value, and repeats that until no other write comes between.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="seed">What the function gets if the entry has no value. The function must not change it in place, because a repeat can pass it again.</param>
    /// <param name="update">Makes the new value. It may be called several times, one call after the other, and must not update the same entry itself. If it throws, nothing is written.</param>
    /// <param name="attemptsMax">How often it is tried, from 1.</param>
    /// <param name="cancellationToken">Ends the waiting and the repeating.</param>
    /// <returns>The entry as it was stored.</returns>
    /// <remarks>Updates of one entry through one ledger object take turns. So only other writes of the entry cause a repeat; it comes after a random wait of up to 64 ms.</remarks>
    /// <exception cref="ArgumentException">No entry can have this name, or the JSON is too large. Nothing was written.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of attempts is below 1.</exception>
    /// <exception cref="InvalidOperationException">The function returned null, or itself updates the entry; or the ledger is read-only. Nothing was written.</exception>
    /// <exception cref="CellValueException">The stored JSON does not become a <typeparamref name="T"/>. Nothing was written.</exception>
    /// <exception cref="FactTypesException">The new value cannot be written as JSON. Nothing was written.</exception>
    /// <exception cref="TooManyConflictsException">Each attempt met another write. Nothing was written.</exception>
    /// <exception cref="AppendUnknownException">It is unknown whether the new value is durable. It is not tried again.</exception>
    public async ValueTask<KeyValueEntry<T>> UpdateAsync(string name, T seed, Func<T, T> update, int attemptsMax = TooManyConflictsException.AttemptsMax, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(seed);
        ArgumentNullException.ThrowIfNull(update);
        ArgumentOutOfRangeException.ThrowIfLessThan(attemptsMax, 1);
        var entry = new CellName(Bucket, Checked(name));

        using var turn = await UpdateTurns.Of(_ledger).TakeAsync(entry, cancellationToken).ConfigureAwait(false);
        for (var attempt = 1; ; attempt++)
        {
            var before = await GetAsync(name, cancellationToken).ConfigureAwait(false);
            var value = turn.Run(update, before is null ? seed : before.Value);
            if (value is null) throw new InvalidOperationException($"The function of an update of '{entry}' returned null. Nothing was written. To remove the value, delete the entry.");
            var cell = NewValue(name, value);
            if (await TryAsync(cell, CellAt(name, before?.Version ?? CellVersion.None), cancellationToken).ConfigureAwait(false) is { } receipt)
                return new KeyValueEntry<T>(_json, cell, receipt, value);

            if (attempt == attemptsMax) throw new TooManyConflictsException($"entry {entry}", attempt);
            await Task.Delay(Random.Shared.Next(1 << Math.Min(attempt, 6)), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The cell that gives an entry a value.</summary>
    /// <exception cref="ArgumentException">No entry can have this name.</exception>
    /// <exception cref="FactTypesException">The value cannot be written as JSON.</exception>
    public NewCell NewValue(string name, T value) => NewCell.Put(Bucket, Checked(name), Write(name, value));

    /// <summary>The cell that removes the value of an entry.</summary>
    /// <exception cref="ArgumentException">No entry can have this name.</exception>
    public NewCell NewDelete(string name) => NewCell.Delete(Bucket, Checked(name));

    /// <summary>The entry has a value, and its last write has this version, from 1; 0 is the same as <see cref="CellAbsent"/>.</summary>
    /// <exception cref="ArgumentException">No entry can have this name.</exception>
    public AppendCondition CellAt(string name, CellVersion version) => AppendCondition.CellAt(Bucket, Checked(name), version);

    /// <summary>The entry has no value: never written, or deleted.</summary>
    /// <exception cref="ArgumentException">No entry can have this name.</exception>
    public AppendCondition CellAbsent(string name) => AppendCondition.CellAbsent(Bucket, Checked(name));

    /// <summary>The entry has this value, compared as by <see cref="CompareAndSwapAsync(string, T, T, CancellationToken)"/>.</summary>
    /// <returns>If the entry has the value now: a condition on its version, which fails if the same value is written again. If not: a condition that only the exact bytes fulfil.</returns>
    /// <remarks>It reads the entry, because a condition on the value compares bytes, and the stored JSON may be spelled differently.</remarks>
    /// <exception cref="ArgumentException">No entry can have this name.</exception>
    /// <exception cref="FactTypesException">The value cannot be written as JSON.</exception>
    public async ValueTask<AppendCondition> CellEqualsAsync(string name, T value, CancellationToken cancellationToken = default)
    {
        var json = Write(Checked(name), value);
        var actual = await GetAsync(name, cancellationToken).ConfigureAwait(false);
        return actual is not null && _json.IsSame(actual.Json.Span, json) ? CellAt(name, actual.Version) : AppendCondition.CellEquals(Bucket, name, json);
    }

    async ValueTask<KeyValueOutcome<T>> PutAsync(NewCell cell, T value, AppendCondition condition, CancellationToken cancellationToken) =>
        await TryAsync(cell, condition, cancellationToken).ConfigureAwait(false) is { } receipt
            ? new KeyValueOutcome<T>.Stored(new KeyValueEntry<T>(_json, cell, receipt, value))
            : new KeyValueOutcome<T>.Conflict(await GetAsync(cell.Cell.Name, cancellationToken).ConfigureAwait(false));

    /// <summary>The receipt of a write; null if its condition did not hold.</summary>
    async ValueTask<AppendReceipt?> TryAsync(NewCell cell, AppendCondition condition, CancellationToken cancellationToken)
    {
        var outcome = await _ledger.TryAppendAsync(new AppendRequest { Cells = [cell], Conditions = [condition] }, cancellationToken).ConfigureAwait(false);
        return outcome is AppendOutcome.Conflict ? null : outcome.EnsureCommittedOrDuplicate();
    }

    byte[] Write(string name, T value) => _json.Write(value, $"entry {NameCheck.Shown(new CellName(Bucket, name).ToString())}");

    CellVersion VersionOf(string name, KeyValueEntry<T> expected)
    {
        ArgumentNullException.ThrowIfNull(expected);
        return expected.Cell == new CellName(Bucket, Checked(name))
            ? expected.Version
            : throw new ArgumentException($"The expected entry is {expected.Cell}, and the one to change is {new CellName(Bucket, name)}. Read the entry that is to change.", nameof(expected));
    }

    static string Checked(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return NameCheck.Text("The name", name, 0, FactLimits.CellNameBytesMax) is { } wrong ? throw new ArgumentException(wrong, nameof(name)) : name;
    }
}
