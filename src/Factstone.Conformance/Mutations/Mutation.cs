using Factstone.Conformance.Claims;

namespace Factstone.Conformance.Mutations;

/// <summary>One defect of a ledger, by which the claims of a facet are tested.</summary>
/// <param name="Facet">The name of the facet.</param>
/// <param name="What">What is wrong with the ledger.</param>
internal sealed record Mutation(string Facet, string What)
{
    /// <summary>Puts the defect around an opened ledger. The number counts the openings, from 1.</summary>
    public Func<ILedger, int, ILedger> Break { get; init; } = static (ledger, _) => ledger;

    /// <summary>Puts the defect around the blobs.</summary>
    public Func<IBlobStore, IBlobStore> BreakBlobs { get; init; } = static blobs => blobs;

    /// <summary>The types that the ledger is opened with instead.</summary>
    public FactTypes? Types { get; init; }

    /// <summary>Whether a reopen opens a new and empty ledger.</summary>
    public bool ForgetsAtReopen { get; init; }

    /// <summary>At least one for each facet.</summary>
    public static IReadOnlyList<Mutation> All { get; } =
    [
        new("event", "a fact loses its valid times") { Break = static (ledger, _) => new WithoutValidTimes(ledger) },
        new("log", "a read from a version begins with the next one") { Break = static (ledger, _) => new BeginningLate(ledger) },
        new("kv", "a deleted entry has a value again") { Break = static (ledger, _) => new KeepingDeletedCells(ledger) },
        new("project", "a fold from a state folds every fact again") { Break = static (ledger, _) => new FoldingAgain(ledger) },
        new("subscribe", "a follower gets facts that do not match") { Break = static (ledger, _) => new FollowingEverything(ledger) },
        new("concurrency", "conditions on streams are not checked") { Break = static (ledger, _) => new WithoutConditions(ledger, static condition => condition.Kind is AppendConditionKind.StreamAt or AppendConditionKind.StreamMissing or AppendConditionKind.StreamExists) },
        new("snapshot", "the first fact after a state is passed over") { Break = static (ledger, _) => new PassingOver(ledger) },
        new("snapshot", "the state of a kept projection is lost at a reopen") { Break = static (ledger, opening) => opening > 1 ? new WithoutKeptStates(ledger) : ledger },
        new("compaction", "what is written beside a truncation is lost") { Break = static (ledger, _) => new TruncatingAlone(ledger) },
        new("compaction", "a truncation drops one fact more") { Break = static (ledger, _) => new DroppingMore(ledger) },
        new("durable", "a reopen forgets everything") { ForgetsAtReopen = true },
        new("blob", "the last byte of a blob is not stored") { BreakBlobs = static blobs => new ShorterBlobs(blobs) },
        new("view", "a kept projection is read as it was when it was first read") { Break = static (ledger, _) => new OldKeptStates(ledger) },
        new("view", "what a consumer writes beside its checkpoint is lost") { Break = static (ledger, _) => new CheckpointAlone(ledger) },
        new("cas", "conditions on cells are not checked") { Break = static (ledger, _) => new WithoutConditions(ledger, static condition => condition.IsOnCell) },
        new("catalog", "a stream whose last fact retracts is not listed") { Break = static (ledger, _) => new HidingRetracted(ledger) },
        new("query", "the begin of a period is ignored") { Break = static (ledger, _) => new WithoutBegin(ledger) },
        new("batch", "each fact of a batch is an append of its own") { Break = static (ledger, _) => new OneByOne(ledger) },
        new("upcast", "one step of a schema does nothing") { Types = ClaimTypes.WithWrongUpcaster },
        new("idempotency", "the ids of appends are ignored") { Break = static (ledger, _) => new WithoutAppendIds(ledger) },
        new("global", "the ledger is read stream after stream") { Break = static (ledger, _) => new ByStream(ledger) },
        new("example-acl", "of the facts that have the same tags, a fold is given the first only") { Break = static (ledger, _) => new FirstWithItsTags(ledger) },
        new("recovery", "cells are not there after a reopen") { Break = static (ledger, opening) => opening > 1 ? new WithoutCells(ledger) : ledger },
    ];
}
