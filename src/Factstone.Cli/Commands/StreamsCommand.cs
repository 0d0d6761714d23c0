using System.CommandLine;
using System.Text.Json;
using Factstone.Cli.Output;

namespace Factstone.Cli.Commands;

internal sealed class StreamsCommand : LedgerCommand
{
    readonly Argument<string?> _store = new("STORE[/PREFIX]") { Description = "The store, and what its keys begin with. [default: lists the stores]", Arity = ArgumentArity.ZeroOrOne };
    readonly Option<string?> _after = new("--after") { HelpName = "KEY", Description = "Only keys after this one: the last of the page before. Without STORE, only stores after this one." };
    readonly Option<long?> _limit = new("--limit") { HelpName = "N", Description = "Show at most N." };
    readonly AsOfOption _asOf = new();

    public StreamsCommand(CommonOptions common)
        : base("streams", "Lists the stores, or the streams of one with their last versions, in the order of their bytes.", "factstone streams files/src/ --limit 100 --as-of @1000", common)
    {
        Arguments.Add(_store);
        Options.Add(_after);
        Options.Add(_limit);
        _asOf.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var limit = parsed.GetValue(_limit);
        if (limit < 0) throw CliException.Usage($"--limit: {limit} is negative; give 0 or more.");
        var store = parsed.GetValue(_store);
        if (store is null && _asOf.IsGiven(parsed)) throw CliException.Usage("--as-of: stores are counted as they are now. Name one to list its streams as of a point.");

        var after = parsed.GetValue(_after);
        var asOf = _asOf.Value(parsed);
        await using var ledger = await session.OpenReadOnlyAsync(ct);
        if (store is null) await ListStoresAsync(session, ledger, after, limit ?? long.MaxValue, ct);
        else await ListStreamsAsync(session, ledger, store, new ListOptions { After = after, Limit = limit, AsOf = asOf }, ct);
        session.NoticeDamage(ledger);
        return ExitCodes.Done;
    }

    static async Task ListStoresAsync(Session session, Ledger ledger, string? after, long limit, CancellationToken ct)
    {
        var isBehind = after is null;
        await foreach (var store in ledger.ListStoresAsync(ct))
        {
            isBehind = isBehind || Utf8Order.Instance.Compare(store.Store, after) > 0;
            if (!isBehind) continue;
            if (limit-- == 0) break;
            if (session.IsJson) session.Output.WriteJson(json => Write(json, store));
            else session.Output.WriteLine(TextFit.Clean($"{store.Store}  {Counted.Text(store.Streams, "stream")}, {Counted.Text(store.Facts, "fact")}"));
        }
    }

    static async Task ListStreamsAsync(Session session, Ledger ledger, string text, ListOptions options, CancellationToken ct)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var (store, prefix) = slash < 0 ? (text, "") : (text[..slash], text[(slash + 1)..]);
        await foreach (var stream in ledger.ListStreamsAsync(store, options with { Prefix = prefix }, ct))
        {
            if (session.IsJson) session.Output.WriteJson(json => Write(json, stream));
            else session.Output.WriteLine(TextFit.Clean($"{stream.Stream.Key}  v{stream.Version}  @{stream.Position}{(stream.IsRetracted ? "  (retracted)" : "")}{(stream.DroppedThrough > StreamVersion.None ? $"  (dropped through v{stream.DroppedThrough})" : "")}"));
        }
    }

    static void Write(Utf8JsonWriter json, StoreSummary store)
    {
        json.WriteStartObject();
        json.WriteString("store", store.Store);
        json.WriteNumber("streams", store.Streams);
        json.WriteNumber("facts", store.Facts);
        json.WriteEndObject();
    }

    static void Write(Utf8JsonWriter json, StreamSummary stream)
    {
        json.WriteStartObject();
        json.WriteString("store", stream.Stream.Store);
        json.WriteString("key", stream.Stream.Key);
        json.WriteNumber("version", stream.Version.Value);
        json.WriteNumber("position", stream.Position.Value);
        if (stream.IsRetracted) json.WriteBoolean("retracted", value: true);
        if (stream.DroppedThrough > StreamVersion.None) json.WriteNumber("droppedThrough", stream.DroppedThrough.Value);
        json.WriteEndObject();
    }
}
