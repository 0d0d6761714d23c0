namespace Factstone;

/// <summary>Information for the operator of a ledger that makes no call fail.</summary>
public abstract record LedgerNotice
{
    LedgerNotice() { }

    /// <summary>What happened, and what it means, as sentences.</summary>
    public abstract string Text { get; }

    /// <summary><see cref="Text"/>.</summary>
    public sealed override string ToString() => Text;

    /// <summary>An unforeseen exception has stopped a background worker.</summary>
    /// <param name="Failure">Which worker, and the exception.</param>
    public sealed record WorkerStopped(WorkerFailure Failure) : LedgerNotice
    {
        /// <inheritdoc/>
        public override string Text => Failure.ToString();
    }

    /// <summary>What is stored of a kept projection cannot be used, so it is built again from the first fact.</summary>
    /// <param name="Projection">The name of the projection.</param>
    /// <param name="Version">Its version.</param>
    /// <param name="Why">What cannot be used, as a sentence.</param>
    public sealed record ProjectionRebuilt(string Projection, int Version, string Why) : LedgerNotice
    {
        /// <inheritdoc/>
        public override string Text => $"Projection '{Projection}', version {Version}, is built again from the first fact. {Why}";
    }

    /// <summary>A kept projection has failed. Its reads throw the exception; appends are not affected.</summary>
    /// <param name="Failure">The projection, its version, the fact, and why.</param>
    public sealed record ProjectionFailed(ProjectionFailedException Failure) : LedgerNotice
    {
        /// <inheritdoc/>
        public override string Text => Failure.Message;
    }

    /// <summary>A snapshot of a kept projection could not be written, such as on a full disk. It is tried again later; nothing is lost.</summary>
    /// <param name="Projection">The name of the projection.</param>
    /// <param name="Version">Its version.</param>
    /// <param name="Failure">Why.</param>
    public sealed record SnapshotNotWritten(string Projection, int Version, Exception Failure) : LedgerNotice
    {
        /// <inheritdoc/>
        public override string Text => $"A snapshot of projection '{Projection}', version {Version}, was not written: {Failure.Message} It is tried again later. Nothing is lost.";
    }

    /// <summary>An open for writing found the clock more than a minute behind the last recorded time.</summary>
    /// <param name="Distance">How far the clock is behind.</param>
    /// <param name="LastRecordedAt">The last recorded time.</param>
    /// <param name="Now">The time of the clock.</param>
    public sealed record ClockBehind(TimeSpan Distance, DateTimeOffset LastRecordedAt, DateTimeOffset Now) : LedgerNotice
    {
        /// <summary>A smaller distance is not reported, because the clocks of machines differ by that much.</summary>
        internal static readonly TimeSpan DistanceMin = TimeSpan.FromMinutes(1);

        /// <inheritdoc/>
        public override string Text =>
            $"The clock says {Microseconds.ToText(Now)}, which is {Duration(Distance)} behind the last fact, recorded {Microseconds.ToText(LastRecordedAt)}. New facts are recorded microseconds after that one until the clock has caught up.";

        static string Duration(TimeSpan distance) => distance.TotalDays >= 1
            ? FormattableString.Invariant($"{Math.Floor(distance.TotalDays):0} d {distance:hh\\:mm\\:ss}")
            : FormattableString.Invariant($"{distance:hh\\:mm\\:ss}");
    }
}
