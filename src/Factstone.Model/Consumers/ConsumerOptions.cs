namespace Factstone;

/// <summary>Options of a consumer.</summary>
public sealed record ConsumerOptions
{
    /// <summary>The query that facts must match; <see cref="FactQuery.All"/> for every fact. It is stored with the checkpoint.</summary>
    public required FactQuery Query { get; init; }

    /// <summary>Where a new consumer begins; by default at the first fact. Decided when it is followed for the first time, and ignored once it has a checkpoint.</summary>
    public FollowStart StartAt { get; init; }

    /// <summary>Whether the consumer continues from its checkpoint although the stored query is another one. By default it is refused.</summary>
    /// <remarks>The new query holds for the facts after the checkpoint only: facts before it that only the new query matches are never returned. To handle these too, use a new name.</remarks>
    public bool QueryMayChange { get; init; }

    /// <summary>After how many positions without a fact to return the checkpoint is moved past them: 1 to 1,000,000, 1,000 by default. Each move is a durable write.</summary>
    public int PassedPositionsMax { get; init; } = 1_000;

    /// <summary>The source of the time for <see cref="Consumer.WaitForAsync"/>, which reads the checkpoint every 50 ms.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
