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
        var versions = new Dictionary<StreamName, long>();
        var facts = 0L;
        var lastTime = long.MinValue;
        for (var position = new Position(1); position <= head; position = position.Next())
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                // Each fact continues at the next position, batch after batch, so one reader serves all of them.
                foreach (var fact in storage.Read(position, head, backward: false))
                {
                    if (fact.Position != position && fact.Position != position.Next()) versions.Clear(); // facts were lost in between, and versions with them
                    position = fact.Position;
                    Check(fact, storage, versions, ref lastTime, damage);
                    if (++facts % FactsPerReport == 0) progress?.Invoke(new VerifyProgress(position.Value, head.Value));
                    cancellationToken.ThrowIfCancellationRequested();
                }
            }
            catch (LedgerDamagedException found)
            {
                foreach (var one in found.Damage)
                    if (!damage.Exists(known => known.File == one.File && known.FileOffset == one.FileOffset)) damage.Add(one);
                position = NextReadable(position, found);
                versions.Clear(); // the damaged fact is unknown, so the comparison of versions starts again here
            }
        }

        progress?.Invoke(new VerifyProgress(head.Value, head.Value));
        var index = verification.CompareIndex((position, last) =>
        {
            progress?.Invoke(new VerifyProgress(position.Value, last.Value) { IsOfIndex = true });
            cancellationToken.ThrowIfCancellationRequested();
        });
        damage.AddRange(index.Damage);
        remade.AddRange(index.Remade);
        var held = storage.Statistics();
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
            Damage = damage,
        };
    }

    /// <summary>The damaged position itself; the loop continues after it.</summary>
    static Position NextReadable(Position last, LedgerDamagedException found)
    {
        var damaged = found.Damage.Where(one => one.LastPosition >= last).Select(one => one.LastPosition).DefaultIfEmpty(last.Next()).Min();
        return damaged > last ? damaged : last;
    }

    static void Check(Fact fact, IFactStorage storage, Dictionary<StreamName, long> versions, ref long lastTime, List<Damage> damage)
    {
        var isKnown = versions.TryGetValue(fact.Stream, out var last);
        if (isKnown && fact.StreamVersion.Value != last + 1) Add($"The versions of {fact.Stream} jump from {last} to {fact.StreamVersion}.");
        if (fact.RecordedAtMicroseconds < lastTime) Add("Its recorded time is earlier than that of the fact before it.");
        versions[fact.Stream] = fact.StreamVersion.Value;
        lastTime = fact.RecordedAtMicroseconds;

        void Add(string what) => damage.Add(new Damage(storage.Location, 0, fact.Position, fact.Position, what));
    }
}
