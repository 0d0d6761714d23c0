namespace Factstone.Testing;

/// <summary>What differs between two appends with one id, field by field, in the simplest possible way.</summary>
internal static class ModelRepeat
{
    /// <summary>The first field of a later append that differs from the first one, as an outcome names it; null if there is none.</summary>
    public static string? Difference(IReadOnlyList<NewFact> storedFacts, IReadOnlyList<NewCell> storedCells, AppendRequest later)
    {
        if (storedFacts.Count != later.Facts.Count) return "facts.count";
        for (var i = 0; i < storedFacts.Count; i++)
            if (Difference(storedFacts[i], later.Facts[i]) is { } field) return $"facts[{i}].{field}";
        if (storedCells.Count != later.Cells.Count) return "cells.count";
        for (var i = 0; i < storedCells.Count; i++)
            if (Difference(storedCells[i], later.Cells[i]) is { } field) return $"cells[{i}].{field}";
        return null;
    }

    static string? Difference(NewFact stored, NewFact later)
    {
        if (stored.Stream != later.Stream) return "stream";
        if (stored.Type != later.Type) return "type";
        if (!stored.Tags.Order(ModelLedger.ByUtf8Bytes).SequenceEqual(later.Tags.Order(ModelLedger.ByUtf8Bytes))) return "tags";
        if (ModelFact.ToMicroseconds(stored.ValidFrom) != ModelFact.ToMicroseconds(later.ValidFrom)) return "validFrom";
        if (ModelFact.ToMicroseconds(stored.ValidTo) != ModelFact.ToMicroseconds(later.ValidTo)) return "validTo";
        if (stored.SchemaVersion != later.SchemaVersion) return "schemaVersion";
        if (stored.Retracts != later.Retracts) return "retracts";
        if (ModelFact.ContentTypeOf(stored) != ModelFact.ContentTypeOf(later)) return "contentType";
        var isJson = ModelFact.ContentTypeOf(stored) is null && !stored.Payload.IsEmpty && !later.Payload.IsEmpty;
        var isSame = isJson ? ModelJson.AreEqual(stored.Payload.Span, later.Payload.Span) : stored.Payload.Span.SequenceEqual(later.Payload.Span);
        return isSame ? null : "payload";
    }

    static string? Difference(NewCell stored, NewCell later)
    {
        if (stored.Cell != later.Cell) return "cell";
        if (stored.IsDelete != later.IsDelete) return "isDelete";
        return stored.Value.Span.SequenceEqual(later.Value.Span) ? null : "value";
    }
}
