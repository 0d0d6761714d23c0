using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Factstone;

/// <summary>The checkpoint of a version of a projection, as its cell stores it. See docs/format.md, "Kept projections".</summary>
/// <param name="Build">Names the buckets of its states; another one after each build from the first fact.</param>
/// <param name="State">Whether it is built, answers, or is being deleted.</param>
/// <param name="Cursor">Every fact of the source up to its position is in the cells of the groups. These can have later facts, too.</param>
/// <param name="Source">The query.</param>
/// <param name="Grouping">How facts are divided into groups.</param>
internal sealed record VersionCell(long Build, ProjectionState State, LedgerCursor Cursor, FactQuery Source, ProjectionGrouping Grouping)
{
    const int Format = 1;

    /// <summary>Without escapes that only HTML needs, so that the cell can be read by people.</summary>
    internal static readonly JsonWriterOptions Written = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    static readonly (ProjectionState State, string Text)[] States = [(ProjectionState.Building, "building"), (ProjectionState.Current, "current"), (ProjectionState.Dropping, "dropping")];

    static readonly (ProjectionGrouping Grouping, string Text)[] Groupings = [(ProjectionGrouping.None, "none"), (ProjectionGrouping.One, "one"), (ProjectionGrouping.Many, "many")];

    /// <summary>Earlier builds, whose cells are still to be deleted.</summary>
    public IReadOnlyList<long> OldBuilds { get; init; } = [];

    /// <summary>Why the projection has failed when the cell was written; null if it had not.</summary>
    public string? Failure { get; init; }

    /// <summary>The builds whose cells there may be.</summary>
    public IEnumerable<long> Builds => OldBuilds.Append(Build);

    public NewCell ToCell(string projection, int version)
    {
        var json = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(json, Written))
        {
            writer.WriteStartObject();
            writer.WriteNumber("format", Format);
            writer.WriteNumber("build", Build);
            writer.WriteString("state", States.First(one => one.State == State).Text);
            writer.WriteString("cursor", Cursor.ToString());
            writer.WriteString("source", Source.ToString());
            writer.WriteString("grouping", Groupings.First(one => one.Grouping == Grouping).Text);
            if (OldBuilds.Count > 0)
            {
                writer.WriteStartArray("oldBuilds");
                foreach (var build in OldBuilds) writer.WriteNumberValue(build);
                writer.WriteEndArray();
            }

            if (Failure is not null) writer.WriteString("failure", Failure);
            writer.WriteEndObject();
        }

        return NewCell.Put(ProjectionCells.Bucket, ProjectionCells.Version(projection, version), json.WrittenMemory).AsOwn();
    }

    /// <summary>The checkpoint of a version; null if there is none.</summary>
    /// <exception cref="JsonException">The cell is no checkpoint.</exception>
    /// <exception cref="ProjectionRefusedException">A newer version of Factstone has written it.</exception>
    public static async ValueTask<VersionCell?> ReadAsync(ILedger ledger, string projection, int version, CancellationToken cancellationToken) =>
        await ledger.ReadCellAsync(ProjectionCells.Bucket, ProjectionCells.Version(projection, version), cancellationToken).ConfigureAwait(false) is { } cell ? Read(cell, projection, version) : null;

    static VersionCell Read(Cell cell, string projection, int version)
    {
        using var json = JsonDocument.Parse(cell.Value);
        CheckFormat(json.RootElement, projection, version);
        var members = json.RootElement;
        if (!LedgerCursor.TryParse(JsonMembers.Text(members, "cursor"), out var cursor)) throw new JsonException("The member 'cursor' is no cursor.");
        if (!FactQuery.TryParse(JsonMembers.Text(members, "source"), out var source, out var wrong)) throw new JsonException($"The member 'source' is no query: {wrong}");
        var (state, grouping) = (JsonMembers.Text(members, "state"), JsonMembers.Text(members, "grouping"));
        return new VersionCell(
            JsonMembers.Number(members, "build", long.MaxValue, min: 1),
            States.FirstOrDefault(one => one.Text == state) is { Text: not null } known ? known.State : throw new JsonException("The member 'state' is unknown."),
            cursor,
            source,
            Groupings.FirstOrDefault(one => one.Text == grouping) is { Text: not null } kind ? kind.Grouping : throw new JsonException("The member 'grouping' is unknown."))
        {
            OldBuilds = members.TryGetProperty("oldBuilds", out var builds) ? [.. builds.EnumerateArray().Select(static build => build.GetInt64())] : [],
            Failure = members.TryGetProperty("failure", out var failure) ? failure.GetString() : null,
        };
    }

    /// <summary>The cell that says which version of a projection answers.</summary>
    public static NewCell CurrentCell(string projection, int version) =>
        NewCell.Put(ProjectionCells.Bucket, ProjectionCells.Current(projection), string.Create(System.Globalization.CultureInfo.InvariantCulture, $$"""{"format":{{Format}},"version":{{version}}}""")).AsOwn();

    /// <summary>The version of a projection that answers, 0 for none, and the version of the cell that says so.</summary>
    /// <exception cref="ProjectionRefusedException">The cell cannot be read.</exception>
    public static async ValueTask<(int Version, CellVersion Cell)> ReadCurrentAsync(ILedger ledger, string projection, CancellationToken cancellationToken)
    {
        if (await ledger.ReadCellAsync(ProjectionCells.Bucket, ProjectionCells.Current(projection), cancellationToken).ConfigureAwait(false) is not { } cell) return (0, CellVersion.None);
        try
        {
            using var json = JsonDocument.Parse(cell.Value);
            CheckFormat(json.RootElement, projection, 0);
            return ((int)JsonMembers.Number(json.RootElement, "version", int.MaxValue, min: 1), cell.Version);
        }
        catch (JsonException broken)
        {
            throw new ProjectionRefusedException(projection, 0, $"its cell {cell} does not name a version: {broken.Message} Drop the projection, and it is built again.", broken);
        }
    }

    static void CheckFormat(JsonElement json, string projection, int version)
    {
        if (json.ValueKind != JsonValueKind.Object) throw new JsonException("It is no JSON object.");
        var format = JsonMembers.Number(json, "format", long.MaxValue, min: 1);
        if (format > Format) throw new ProjectionRefusedException(projection, version, $"its cells have format {format}; this version of Factstone reads format {Format}. Use a newer version; nothing was changed.");
    }
}
