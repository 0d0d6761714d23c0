using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Factstone;

/// <summary>The states of the groups of one build in cells. See docs/format.md, "Kept projections".</summary>
/// <remarks>
/// A state that is too large for a cell is written in parts under a new generation, then the cell of the group, then the old parts are
/// deleted. The journal cell names the group before the first part is written, so that parts which no group names are found and deleted.
/// Threads: one writes; any number read.
/// </remarks>
internal sealed class GroupStore<TState>(ProjectionHost host, JsonTypeInfo<TState> json, long build)
{
    readonly string _bucket = ProjectionCells.Groups(build);
    readonly string _parts = ProjectionCells.Parts(build);
    long _generation;
    bool _isJournalClean;

    public long Build => build;

    /// <summary>The state of a group; null if it has no cell.</summary>
    /// <exception cref="UnreadableSnapshotException">The cell, or the state in it, cannot be read.</exception>
    public async ValueTask<StoredGroup<TState>?> ReadAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadCellAsync(key, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not (FactstoneException or OperationCanceledException or ObjectDisposedException or MachineStoppedException))
        {
            // What a converter of the state throws is not known.
            throw new UnreadableSnapshotException($"The state of group '{NameCheck.Shown(key.AsSpan())}' in the cell {_bucket}/{NameCheck.Shown(key.AsSpan())} cannot be read: {failure.Message.TrimEnd('.')}.");
        }
    }

    async ValueTask<StoredGroup<TState>?> ReadCellAsync(string key, CancellationToken cancellationToken)
    {
        while (await host.Ledger.ReadCellAsync(_bucket, key, cancellationToken).ConfigureAwait(false) is { } cell)
        {
            var head = GroupHead.Read(cell.Value, out var document);
            using (document)
            {
                if (head.Generation == 0) return new StoredGroup<TState>(Deserialize(document.RootElement.GetProperty("state")), head.Position, HasParts: false);
                var bytes = new byte[head.Bytes];
                if (await TryReadPartsAsync(head, bytes, cancellationToken).ConfigureAwait(false)) return new StoredGroup<TState>(Deserialize(bytes), head.Position, HasParts: true);
            }

            // The parts are replaced while they are read, if the cell has changed.
            if (await host.Ledger.ReadCellAsync(_bucket, key, cancellationToken).ConfigureAwait(false) is { } now && now.Version == cell.Version)
                throw new JsonException($"Parts of the state of group '{NameCheck.Shown(key.AsSpan())}' are missing.");
        }

        return null;
    }

    /// <summary>Encodes the state of a group.</summary>
    /// <exception cref="Exception">What the JSON of the state throws.</exception>
    public EncodedGroup Encode(string key, TState state, Position position, bool hasParts) =>
        new(key, position, JsonSerializer.SerializeToUtf8Bytes(state, json), hasParts);

    /// <summary>Whether a state is written in an append of its own.</summary>
    public bool IsAlone(in EncodedGroup group) => group.State.Length > host.Limits.PartBytes || group.HasParts;

    /// <summary>The cell of a group whose state fits into it.</summary>
    public NewCell ToCell(in EncodedGroup group) => GroupHead.Write(_bucket, group.Key, new GroupHead(group.Position, 0, 0, 0), group.State);

    /// <summary>Writes a large state, or one that was large before.</summary>
    /// <returns>Whether it has parts.</returns>
    public async ValueTask<bool> WriteAloneAsync(EncodedGroup group)
    {
        long old;
        try
        {
            if (!_isJournalClean) await ReadJournalAsync().ConfigureAwait(false);
            _isJournalClean = false; // until the end: what stops between is cleaned up before the next one
            old = await StoredGenerationAsync(group.Key).ConfigureAwait(false);
        }
        catch (JsonException broken)
        {
            throw new UnreadableSnapshotException($"A cell of group '{NameCheck.Shown(group.Key.AsSpan())}' or of its parts cannot be read: {broken.Message.TrimEnd('.')}.");
        }

        var size = host.Limits.PartBytes;
        var isLarge = group.State.Length > size;
        var generation = ++_generation;
        await host.AppendAsync([new PartsJournal(generation, group.Key, old).ToCell(_parts)]).ConfigureAwait(false);

        var count = isLarge ? (group.State.Length + size - 1) / size : 0;
        for (var i = 0; i < count; i++)
            await host.AppendAsync([NewCell.Put(_parts, ProjectionCells.Part(generation, i), group.State.AsMemory(i * size, Math.Min(size, group.State.Length - (i * size)))).AsOwn()]).ConfigureAwait(false);

        var head = isLarge ? new GroupHead(group.Position, generation, count, group.State.Length) : new GroupHead(group.Position, 0, 0, 0);
        await host.AppendAsync([GroupHead.Write(_bucket, group.Key, head, group.State)]).ConfigureAwait(false); // from here on the new state is the stored one
        if (old != 0) await DeletePartsAsync(old).ConfigureAwait(false);
        _isJournalClean = true;
        return isLarge;
    }

    /// <summary>Deletes the parts that a crash has left without a group that names them.</summary>
    async ValueTask ReadJournalAsync()
    {
        if (await host.Ledger.ReadCellAsync(_parts, ProjectionCells.Journal).ConfigureAwait(false) is { } cell)
        {
            var journal = PartsJournal.Read(cell.Value);
            var named = await StoredGenerationAsync(journal.Key).ConfigureAwait(false);
            foreach (var generation in new[] { journal.Generation, journal.OldGeneration })
                if (generation != 0 && generation != named) await DeletePartsAsync(generation).ConfigureAwait(false);
            _generation = journal.Generation;
        }
    }

    async ValueTask<long> StoredGenerationAsync(string key) =>
        await host.Ledger.ReadCellAsync(_bucket, key).ConfigureAwait(false) is { } stored ? GroupHead.Read(stored.Value).Generation : 0;

    async ValueTask DeletePartsAsync(long generation) =>
        await ProjectionDeletion.DeleteCellsAsync(host, _parts, ProjectionCells.Generation(generation), CancellationToken.None).ConfigureAwait(false);

    async ValueTask<bool> TryReadPartsAsync(GroupHead head, byte[] bytes, CancellationToken cancellationToken)
    {
        var length = 0;
        for (var i = 0; i < head.Parts; i++)
        {
            if (await host.Ledger.ReadCellAsync(_parts, ProjectionCells.Part(head.Generation, i), cancellationToken).ConfigureAwait(false) is not { } part || part.Value.Length > bytes.Length - length) return false;
            part.Value.CopyTo(bytes.AsMemory(length));
            length += part.Value.Length;
        }

        return length == bytes.Length;
    }

    TState Deserialize(JsonElement state) => Checked(state.Deserialize(json));

    TState Deserialize(byte[] state) => Checked(JsonSerializer.Deserialize(state, json));

    static TState Checked(TState? state) => state is null ? throw new JsonException("The state is null.") : state;
}

/// <summary>What is stored of a projection cannot be used, so that it has to be built again.</summary>
internal sealed class UnreadableSnapshotException(string message) : Exception(message);

/// <summary>A state as it was read.</summary>
/// <param name="State">The state.</param>
/// <param name="Position">The position of the last fact in it.</param>
/// <param name="HasParts">Whether it is stored in parts.</param>
internal readonly record struct StoredGroup<TState>(TState State, Position Position, bool HasParts);

/// <summary>A state as it is to be written.</summary>
/// <param name="Key">The group.</param>
/// <param name="Position">The position of the last fact in it.</param>
/// <param name="State">Its JSON.</param>
/// <param name="HasParts">Whether what is stored now has parts.</param>
internal readonly record struct EncodedGroup(string Key, Position Position, byte[] State, bool HasParts);

/// <summary>What the cell of a group says beside the state, or in place of a state that is written in parts.</summary>
internal readonly record struct GroupHead(Position Position, long Generation, int Parts, int Bytes)
{
    static readonly JsonDocumentOptions Deep = new() { MaxDepth = 1_000 };

    public static GroupHead Read(ReadOnlyMemory<byte> cell)
    {
        var head = Read(cell, out var document);
        document.Dispose();
        return head;
    }

    /// <exception cref="JsonException">It is not the cell of a group.</exception>
    public static GroupHead Read(ReadOnlyMemory<byte> cell, out JsonDocument document)
    {
        document = JsonDocument.Parse(cell, Deep);
        try
        {
            var json = document.RootElement;
            if (json.ValueKind != JsonValueKind.Object) throw new JsonException("It is no JSON object.");
            var position = new Position(JsonMembers.Number(json, "position", Position.MaxValue));
            if (json.TryGetProperty("state", out _)) return new GroupHead(position, 0, 0, 0);
            return new GroupHead(
                position,
                JsonMembers.Number(json, "generation", long.MaxValue, min: 1),
                (int)JsonMembers.Number(json, "parts", int.MaxValue, min: 1),
                (int)JsonMembers.Number(json, "bytes", Array.MaxLength, min: 1));
        }
        catch
        {
            document.Dispose();
            throw;
        }
    }

    public static NewCell Write(string bucket, string key, in GroupHead head, byte[] state)
    {
        var cell = new ArrayBufferWriter<byte>((head.Generation == 0 ? state.Length : 0) + 96);
        using (var writer = new Utf8JsonWriter(cell, VersionCell.Written))
        {
            writer.WriteStartObject();
            writer.WriteNumber("position", head.Position.Value);
            if (head.Generation == 0)
            {
                writer.WritePropertyName("state");
                writer.WriteRawValue(state, skipInputValidation: true);
            }
            else
            {
                writer.WriteNumber("generation", head.Generation);
                writer.WriteNumber("parts", head.Parts);
                writer.WriteNumber("bytes", head.Bytes);
            }

            writer.WriteEndObject();
        }

        return NewCell.Put(bucket, key, cell.WrittenMemory).AsOwn();
    }
}

/// <summary>Which group is written in parts, or was last: written before its first part.</summary>
/// <param name="Generation">The generation that is written; they count from 1.</param>
/// <param name="Key">The group.</param>
/// <param name="OldGeneration">The generation that it replaces; 0 for none.</param>
internal readonly record struct PartsJournal(long Generation, string Key, long OldGeneration)
{
    public NewCell ToCell(string bucket)
    {
        var json = new ArrayBufferWriter<byte>(128);
        using (var writer = new Utf8JsonWriter(json, VersionCell.Written))
        {
            writer.WriteStartObject();
            writer.WriteNumber("generation", Generation);
            writer.WriteString("key", Key);
            writer.WriteNumber("oldGeneration", OldGeneration);
            writer.WriteEndObject();
        }

        return NewCell.Put(bucket, ProjectionCells.Journal, json.WrittenMemory).AsOwn();
    }

    public static PartsJournal Read(ReadOnlyMemory<byte> cell)
    {
        using var json = JsonDocument.Parse(cell);
        if (json.RootElement.ValueKind != JsonValueKind.Object) throw new JsonException("It is no JSON object.");
        return new PartsJournal(JsonMembers.Number(json.RootElement, "generation", long.MaxValue, min: 1), JsonMembers.Text(json.RootElement, "key"), JsonMembers.Number(json.RootElement, "oldGeneration", long.MaxValue));
    }
}
