namespace Factstone;

/// <summary>Finds versions of streams that do not follow one another, where facts are lost or damaged, or the sum of all is wrong.</summary>
internal static class VersionCheck
{
    /// <summary>Streams that are kept in memory at a time. The facts are read once for each so many.</summary>
    const long StreamsMax = 1_000_000;

    public static void Run(IFactStorage storage, Position head, List<Damage> damage, CancellationToken cancellationToken)
    {
        var passes = (ulong)((storage.Statistics(cancellationToken).Streams / StreamsMax) + 1);
        var versions = new Dictionary<StreamName, long>();
        for (var pass = 0UL; pass < passes; pass++)
        {
            versions.Clear();
            LedgerVerification.Walk(storage, head, Compare, isDamaged: null, cancellationToken, isBroken: versions.Clear);

            void Compare(Fact fact)
            {
                if (VersionSums.HashOf(fact.Stream) % passes != pass) return;
                if (versions.TryGetValue(fact.Stream, out var last) && fact.StreamVersion.Value != last + 1)
                    damage.Add(new Damage(storage.Location, 0, fact.Position, fact.Position, $"The versions of {fact.Stream} jump from {last} to {fact.StreamVersion}."));
                versions[fact.Stream] = fact.StreamVersion.Value;
            }
        }
    }
}
