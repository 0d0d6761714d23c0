using System.Globalization;
using System.Text;

namespace Factstone.Tests.Damage;

/// <summary>
/// Makes every kind of read and compares the results with the facts that the ledger
/// should hold. An answer is right, or it is an exception that names damage.
/// </summary>
/// <param name="ledger">The ledger, which may be damaged.</param>
/// <param name="facts">All facts up to the expected head.</param>
/// <param name="appends">The expected append ids, each with its first position and its count.</param>
/// <param name="damaged">Positions whose facts have a damaged byte.</param>
/// <param name="isHeaderLost">Whether the header of a fact, and so its stream, is damaged. Then no stream is known to be complete.</param>
internal sealed class LedgerAnswers(Ledger ledger, IReadOnlyList<Fact> facts, IReadOnlyDictionary<string, (long First, int Count)> appends, IReadOnlySet<long> damaged, bool isHeaderLost)
{
    static readonly StreamName Unknown = "orders/none";

    public bool MayAppendsBeUnknown { get; init; }

    /// <summary>Makes every kind of read.</summary>
    public void AreRight()
    {
        Assert.Equal(facts.Count, ledger.Storage.Head.Position.Value);
        ByPosition();
        All(backward: false);
        All(backward: true);
        var points = facts.Where((fact, i) => i + 1 == facts.Count || facts[i + 1].RecordedAt != fact.RecordedAt).Select(fact => fact.Position).ToList();
        foreach (var stream in facts.Select(fact => fact.Stream).Distinct().Append(Unknown))
        {
            foreach (var point in points) Stream(stream, point);
            Versions(stream);
        }

        foreach (var point in points)
            foreach (var store in (string[])["orders", "tasks", "nothing"]) List(store, point);
        foreach (var backward in (bool[])[false, true])
            foreach (var query in (FactQuery[])[FactQuery.All, FactQuery.Tags("course:c1"), FactQuery.Types("placed", "sent"), [new() { Store = "orders", KeyPrefix = "1" }, new() { Store = "tasks", Key = "a" }], FactQuery.Types("none")]) Query(query, backward);
        AppendIds();
        Times();
    }

    /// <summary>
    /// The returned facts are right. The read ends before the first damaged match, and does not reach its end where a match may be lost.
    /// </summary>
    void Query(FactQuery query, bool backward)
    {
        var expected = facts.Where(query.Matches).ToList();
        if (backward) expected.Reverse();
        var options = new ReadOptions { Backward = backward };
        var read = Collect(ledger.ReadAsync(query, options), out var found);
        SameByFold(read, found, folder => ledger.FoldAsync(query, 0, folder, options));
        Assert.True(read.Count <= expected.Count);
        for (var i = 0; i < read.Count; i++) Same(expected[i], read[i]);
        if (found is null)
        {
            Assert.Equal(expected.Count, read.Count);
            Assert.Equal(Position.None, ((Storage.FileStorage)ledger.Storage).Index.FirstHole(Position.None, new Position(facts.Count)));
        }
        else
        {
            Assert.NotEmpty(found.Damage);
            Assert.NotEmpty(damaged);
        }
    }

    void ByPosition()
    {
        for (var position = new Position(1); position.Value <= facts.Count; position = position.Next())
        {
            if (!damaged.Contains(position.Value))
            {
                Same(facts[(int)position.Value - 1], SmallLedger.Now(ledger.ReadAtAsync(position)));
                continue;
            }

            var asked = position;
            var found = Assert.Throws<LedgerDamagedException>(() => SmallLedger.Now(ledger.ReadAtAsync(asked)));
            Assert.Contains(found.Damage, one => one.FirstPosition <= asked && asked <= one.LastPosition);
        }

        Assert.Null(SmallLedger.Now(ledger.ReadAtAsync(new Position(facts.Count + 1))));
    }

    /// <summary>A read of everything is refused at a damaged fact, and continues behind it.</summary>
    void All(bool backward)
    {
        var step = backward ? -1 : 1;
        var next = backward ? facts.Count : 1;
        while (next >= 1 && next <= facts.Count)
        {
            var options = new ReadOptions { From = new Position(next), Backward = backward };
            var read = Collect(ledger.ReadAsync(options), out var found);
            SameByFold(read, found, folder => ledger.FoldAsync(0, folder, options));
            foreach (var fact in read)
            {
                Same(facts[next - 1], fact);
                next += step;
            }

            if (found is null) break;
            Assert.Contains(next, damaged.Select(position => (int)position));
            next += step;
        }

        Assert.Equal(backward ? 0 : facts.Count + 1, next);
    }

    void Stream(StreamName stream, Position until)
    {
        var expected = facts.Where(fact => fact.Stream == stream && fact.Position <= until).ToList();
        var options = new StreamReadOptions { AsOf = until };
        RightOrDamaged(expected, stream, options);
        RightOrDamaged([.. Enumerable.Reverse(expected)], stream, options with { Backward = true });
        var latest = expected.LastOrDefault() is { Retracts: false } last ? last : null;
        RightOrDamaged(latest, latest, () => SmallLedger.Now(ledger.ReadLatestAsync(stream, until)));
        RightOrDamaged(null, expected.Count, () => SmallLedger.Now(ledger.GetVersionAsync(stream, until)).Value);
    }

    void Versions(StreamName stream)
    {
        var expected = facts.Where(fact => fact.Stream == stream).ToList();
        for (var version = 1L; version <= expected.Count + 1; version++)
        {
            var from = new StreamVersion(version);
            RightOrDamaged([.. expected.Where(fact => fact.StreamVersion >= from)], stream, new StreamReadOptions { From = from });
            RightOrDamaged([.. expected.Where(fact => fact.StreamVersion <= from).Reverse()], stream, new StreamReadOptions { From = from, Backward = true });
        }
    }

    void List(string store, Position until)
    {
        var expected = facts.Where(fact => fact.Stream.Store == store && fact.Position <= until)
            .GroupBy(fact => fact.Stream.Key, (_, ofKey) => ofKey.Last())
            .Where(fact => !fact.Retracts)
            .OrderBy(fact => fact.Stream.Key, StringComparer.Ordinal)
            .ToList();
        RightOrDamaged(expected, ledger.ListAsync(store, new ListOptions { AsOf = until }));
    }

    void AppendIds()
    {
        foreach (var (id, (first, count)) in appends)
        {
            try
            {
                var receipt = SmallLedger.Now(ledger.FindAppendAsync(id));
                Assert.NotNull(receipt);
                Assert.Equal((first, count), (receipt.FirstPosition.Value, receipt.Count));
                Assert.Equal(facts[(int)first - 1].RecordedAt, receipt.RecordedAt);
            }
            catch (LedgerDamagedException)
            {
                Assert.True(MayAppendsBeUnknown || Enumerable.Range((int)first, count).Any(position => damaged.Contains(position)), $"The append '{id}' could have been found.");
            }
        }

        try
        {
            Assert.Null(SmallLedger.Now(ledger.FindAppendAsync("never used")));
        }
        catch (LedgerDamagedException)
        {
            Assert.NotEmpty(ledger.Damage);
        }
    }

    void Times()
    {
        foreach (var time in facts.Select(fact => fact.RecordedAt).Distinct())
        {
            foreach (var asked in (DateTimeOffset[])[time, time.AddMicroseconds(-1)])
            {
                var expected = facts.Count(fact => fact.RecordedAt <= asked);
                RightOrDamaged(null, (long)expected, () => SmallLedger.Now(ledger.ResolveAsync(LedgerTime.RecordedBy(asked))).Position.Value);
            }
        }
    }

    void RightOrDamaged(List<Fact> expected, StreamName stream, StreamReadOptions options)
    {
        RightOrDamaged(expected, ledger.ReadStreamAsync(stream, options));
        var read = Collect(ledger.ReadStreamAsync(stream, options), out var found);
        SameByFold(read, found, folder => ledger.FoldStreamAsync(stream, 0, folder, options));
    }

    /// <summary>A fold visits the facts that a read returns, and ends in the same way.</summary>
    static void SameByFold(List<Fact> read, LedgerDamagedException? found, Func<FactFolder<int>, ValueTask<int>> fold)
    {
        var folded = new List<Fact>();
        LedgerDamagedException? foundByFold = null;
        try
        {
            var count = SmallLedger.Now(fold((ref count, in fact) =>
            {
                folded.Add(fact.ToFact());
                count++;
                return true;
            }));
            Assert.Equal(folded.Count, count);
        }
        catch (LedgerDamagedException damage)
        {
            foundByFold = damage;
        }

        Assert.Equal(read.Count, folded.Count);
        for (var i = 0; i < read.Count; i++) Same(read[i], folded[i]);
        Assert.Equal(found?.Message, foundByFold?.Message);
        Assert.Equal(found?.Damage, foundByFold?.Damage);
    }

    void RightOrDamaged(List<Fact> expected, IAsyncEnumerable<Fact> read)
    {
        var facts = Collect(read, out var found);
        for (var i = 0; i < facts.Count; i++)
        {
            Assert.True(i < expected.Count, $"A fact too many: {facts[i]}.");
            Same(expected[i], facts[i]);
        }

        if (found is null) Assert.Equal(expected.Count, facts.Count);
        else Refused(found, expected.Any(fact => damaged.Contains(fact.Position.Value)));
    }

    void RightOrDamaged<T>(Fact? concerned, T expected, Func<T> ask)
    {
        try
        {
            var answer = ask();
            if (answer is Fact fact) Same(concerned!, fact);
            else Assert.Equal(expected, answer);
        }
        catch (LedgerDamagedException found)
        {
            Refused(found, concerned is not null && damaged.Contains(concerned.Position.Value));
        }
    }

    void Refused(LedgerDamagedException found, bool isConcerned)
    {
        Assert.NotEmpty(found.Damage);
        Assert.True(isConcerned || isHeaderLost, $"Nothing that was asked for is damaged, and yet: {found.Message}");
    }

    static List<Fact> Collect(IAsyncEnumerable<Fact> read, out LedgerDamagedException? found)
    {
        var facts = new List<Fact>();
        found = null;
        var enumerator = read.GetAsyncEnumerator(TestContext.Current.CancellationToken);
        try
        {
            while (SmallLedger.Now(enumerator.MoveNextAsync())) facts.Add(enumerator.Current);
        }
        catch (LedgerDamagedException damage)
        {
            found = damage;
        }
        finally
        {
            enumerator.DisposeAsync().AsTask().Wait();
        }

        return facts;
    }

    public static void Same(Fact expected, Fact? actual)
    {
        if (actual is null || expected.Position != actual.Position || !expected.Header.Span.SequenceEqual(actual.Header.Span) || !expected.Salt.Span.SequenceEqual(actual.Salt.Span)
            || !expected.Payload.Span.SequenceEqual(actual.Payload.Span) || !expected.MetadataBytes.Span.SequenceEqual(actual.MetadataBytes.Span))
            Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"Expected {expected} with {Encoding.UTF8.GetString(expected.Payload.Span)}, got {actual?.ToString() ?? "nothing"}."));
    }
}
