namespace Factstone;

/// <summary>Reads a ledger as a read-only opener does, which checks every frame, and then compares every fact with the ones before it.</summary>
internal static class LedgerVerification
{
    const int FactsPerReport = 10_000;

    public static VerifyReport Run(IStorageVerification verification, VerifyOptions options, Action<VerifyProgress>? progress, CancellationToken cancellationToken)
    {
        var storage = verification.Storage;
        var head = storage.Head.Position;
        List<Damage> damage = [.. storage.Damage, .. verification.Files.Damage];
        List<Damage> remade = [.. verification.Files.Remade];
        var facts = 0L;
        var lastTime = long.MinValue;
        var sums = new VersionSums();
        var isBroken = !Walk(
            storage,
            head,
            fact =>
            {
                sums.Add(fact);
                CheckTime(fact, storage, ref lastTime, damage);
                if (++facts % FactsPerReport == 0) progress?.Invoke(new VerifyProgress(fact.Position.Value, head.Value));
            },
            found =>
            {
                foreach (var one in found.Damage)
                    if (!damage.Exists(known => known.File == one.File && known.FileOffset == one.FileOffset)) damage.Add(one);
            },
            cancellationToken);
        if (isBroken || !sums.AreOf(storage, head, cancellationToken)) VersionCheck.Run(storage, head, damage, cancellationToken);

        progress?.Invoke(new VerifyProgress(head.Value, head.Value));
        var index = verification.CompareIndex((position, last) =>
        {
            progress?.Invoke(new VerifyProgress(position.Value, last.Value) { IsOfIndex = true });
            cancellationToken.ThrowIfCancellationRequested();
        });
        damage.AddRange(index.Damage);
        remade.AddRange(index.Remade);
        var held = storage.Statistics(cancellationToken);
        return new VerifyReport
        {
            Facts = facts,
            Head = head,
            Segments = held.LogFiles,
            SegmentBytes = held.LogBytes,
            RunsCompared = options.Deep ? index.Compared : null,
            State = damage.Count > 0 ? LedgerState.Damaged : storage.Opening.NeedsRecovery || remade.Count > 0 ? LedgerState.NeedsRecovery : LedgerState.Whole,
            IsOpenForWriting = verification.IsBesideWriter,
            IsClosedCleanly = storage.Opening.WasClosedCleanly,
            HasRecoverableAppends = storage.Opening.HasRecoverableAppends,
            RecoverableFacts = storage.Opening.RecoverableFacts,
            TornTailBytes = storage.Opening.TornTailBytes,
            Remade = remade,
            Damage = Ranges(damage),
        };
    }

    /// <summary>Damage of one kind to positions that follow one another is one range.</summary>
    static List<Damage> Ranges(List<Damage> damage)
    {
        var ranges = new List<Damage>();
        foreach (var one in damage)
        {
            if (ranges.Count > 0 && ranges[^1] is var last && last.File == one.File && last.What == one.What && last.LastPosition > Position.None && one.FirstPosition == last.LastPosition.Next())
                ranges[^1] = new Damage(last.File, last.FileOffset, last.FirstPosition, one.LastPosition, last.What);
            else ranges.Add(one);
        }

        return ranges;
    }

    /// <summary>The damaged position itself; the loop continues after it.</summary>
    static Position NextReadable(Position last, LedgerDamagedException found)
    {
        var damaged = found.Damage.Where(one => one.LastPosition >= last).Select(one => one.LastPosition).DefaultIfEmpty(last.Next()).Min();
        return damaged > last ? damaged : last;
    }

    /// <summary>Reads all facts that can be read, in order.</summary>
    /// <returns>False where facts are lost or damaged in between.</returns>
    public static bool Walk(IFactStorage storage, Position head, Action<Fact> visit, Action<LedgerDamagedException>? isDamaged, CancellationToken cancellationToken, Action? isBroken = null)
    {
        var isWhole = true;
        for (var position = new Position(1); position <= head; position = position.Next())
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                // Each fact continues at the next position, batch after batch, so one reader serves all of them.
                foreach (var fact in storage.Read(position, head, backward: false))
                {
                    if (fact.Position != position && fact.Position != position.Next()) Break(); // facts were lost in between, and versions with them
                    position = fact.Position;
                    visit(fact);
                    cancellationToken.ThrowIfCancellationRequested();
                }
            }
            catch (LedgerDamagedException found)
            {
                isDamaged?.Invoke(found);
                position = NextReadable(position, found);
                Break(); // the damaged fact is unknown, so the comparison of versions starts again here
            }
        }

        return isWhole;

        void Break()
        {
            isWhole = false;
            isBroken?.Invoke();
        }
    }

    static void CheckTime(Fact fact, IFactStorage storage, ref long lastTime, List<Damage> damage)
    {
        if (fact.RecordedAtMicroseconds < lastTime) damage.Add(new Damage(storage.Location, 0, fact.Position, fact.Position, "Its recorded time is earlier than that of the fact before it."));
        lastTime = fact.RecordedAtMicroseconds;
    }
}
