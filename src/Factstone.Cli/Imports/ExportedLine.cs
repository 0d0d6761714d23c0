using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Factstone.Cli.Exports;
using Factstone.Cli.Output;

namespace Factstone.Cli.Imports;

/// <summary>Reads a line of an export. An unknown field is refused, because its content would be lost.</summary>
internal sealed class ExportedLine(long number)
{
    LedgerId? _ledger;
    string? _store, _key;
    long? _version, _position;
    Guid? _id, _cause;
    DateTimeOffset? _recordedAt;
    bool _hasValue, _hasBytes;
    NewFact _fact = NewFact.WithoutPayload(default, type: null);

    /// <summary>The fact, the piece of a blob, or the cell of a line.</summary>
    public static object Read(ReadOnlyMemory<byte> bytes, long number)
    {
        using var json = JsonLine.Parse(bytes, number);
        var line = new ExportedLine(number);
        if (json.Has(JsonLinesExport.BlobField)) return line.Piece(json);
        if (json.Has(JsonLinesExport.CellField)) return line.Cell(json);
        foreach (var field in json.Fields) line.Take(line.NameOf(field), field.Value);
        return line.Fact();
    }

    string NameOf(JsonProperty field)
    {
        try
        {
            return field.Name;
        }
        catch (InvalidOperationException)
        {
            throw Refused("has a name that is not valid UTF-8, or half of a surrogate pair");
        }
    }

    ExportedPiece Piece(JsonLine json)
    {
        Cid? cid = null;
        long? size = null, at = null;
        byte[]? content = null;
        foreach (var field in json.Fields)
        {
            switch (NameOf(field))
            {
                case JsonLinesExport.LedgerField: _ledger = new LedgerId(Id(field.Name, field.Value)); break;
                case JsonLinesExport.BlobField: cid = Cid.TryParse(Text(field.Name, field.Value), null, out var read) ? read : throw Refused("has no CID in 'blob'"); break;
                case "size": size = Number(field.Name, field.Value, long.MaxValue, least: 0); break;
                case "at": at = Number(field.Name, field.Value, long.MaxValue, least: 0); break;
                case "contentBase64": content = Bytes(field.Name, field.Value); break;
                default: throw Unknown(field.Name);
            }
        }

        if (_ledger is null) throw Missing(JsonLinesExport.LedgerField);
        return new ExportedPiece(number, cid ?? throw Missing(JsonLinesExport.BlobField), size ?? throw Missing("size"), at ?? throw Missing("at"), content ?? throw Missing("contentBase64"));
    }

    ExportedCell Cell(JsonLine json)
    {
        Cell? cell = null;
        foreach (var field in json.Fields)
        {
            switch (NameOf(field))
            {
                case JsonLinesExport.LedgerField: _ledger = new LedgerId(Id(field.Name, field.Value)); break;
                case JsonLinesExport.CellField: cell = CellOf(field.Value); break;
                default: throw Unknown(field.Name);
            }
        }

        if (_ledger is null) throw Missing(JsonLinesExport.LedgerField);
        return new ExportedCell(number, NewCell.Put(cell!.Bucket, cell.Name, cell.Value));
    }

    Cell CellOf(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.Object ? CellJson.Read(value) : throw Refused("has no object in 'cell'");
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            throw Refused($"has no cell in 'cell': {wrong.Message.TrimEnd('.')}");
        }
    }

    ExportedFact Fact()
    {
        if (_hasValue && _fact.ContentType is not null) throw Refused("has a 'contentType', so its payload belongs in 'valueBase64'");
        return new ExportedFact(
            number,
            _ledger ?? throw Missing(JsonLinesExport.LedgerField),
            new Position(_position ?? throw Missing("position")),
            _id ?? throw Missing("id"),
            _recordedAt ?? throw Missing("recordedAt"),
            new StreamVersion(_version ?? throw Missing("version")),
            _cause,
            _fact with { Stream = new StreamName(_store ?? throw Missing("store"), _key ?? throw Missing("key")) });
    }

    void Take(string name, JsonElement value)
    {
        switch (name)
        {
            case JsonLinesExport.LedgerField: _ledger = new LedgerId(Id(name, value)); break;
            case "store": _store = Text(name, value); break;
            case "key": _key = Text(name, value); break;
            case "version": _version = Number(name, value, Position.MaxValue); break;
            case "position": _position = Number(name, value, Position.MaxValue); break;
            case "id": _id = Id(name, value); break;
            case "type": _fact = _fact with { Type = Text(name, value) }; break;
            case "tags": _fact = _fact with { Tags = Texts(name, value) }; break;
            case "recordedAt": _recordedAt = Time(name, value); break;
            case "validFrom": _fact = _fact with { ValidFrom = Time(name, value) }; break;
            case "validTo": _fact = _fact with { ValidTo = Time(name, value) }; break;
            case "retracts": _fact = _fact with { Retracts = Truth(name, value) }; break;
            case "cause": _cause = Id(name, value); break;
            case "correlation": _fact = _fact with { Correlation = Text(name, value) }; break;
            case "schemaVersion": _fact = _fact with { SchemaVersion = Number(name, value, long.MaxValue) }; break;
            case "contentType": _fact = _fact with { ContentType = Text(name, value) }; break;
            case "producer": _fact = _fact with { Producer = ObjectText(name, value) }; break;
            case "derivation": _fact = _fact with { Derivation = Derivation(name, value) }; break;
            case "metadata": _fact = _fact with { Metadata = ObjectText(name, value) }; break;
            case "value": TakePayload(JsonMarshal.GetRawUtf8Value(value).ToArray(), ref _hasValue); break;
            case "valueBase64": TakePayload(Bytes(name, value), ref _hasBytes); break;
            default: throw Unknown(name);
        }
    }

    CliException Unknown(string name) => Refused($"has a field '{TextFit.Fit(name, 60)}' that an export of this version does not have");

    void TakePayload(byte[] payload, ref bool isThere)
    {
        if (_hasValue || _hasBytes) throw Refused("has both a 'value' and a 'valueBase64'");
        isThere = true;
        _fact = _fact with { Payload = payload };
    }

    Derivation Derivation(string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object) throw Refused($"has no object in '{name}'");
        string? rule = null;
        long? version = null, count = null;
        Guid[] sources = [];
        byte[] hash = [];
        foreach (var field in value.EnumerateObject())
        {
            var part = NameOf(field);
            var path = $"{name}.{part}";
            switch (part)
            {
                case "rule": rule = Text(path, field.Value); break;
                case "version": version = Number(path, field.Value, long.MaxValue); break;
                case "sourceCount": count = Number(path, field.Value, long.MaxValue, least: 0); break;
                case "sources": sources = [.. Items(path, field.Value).Select(item => Id(path, item))]; break;
                case "sourcesHash": hash = Hex(path, field.Value); break;
                default: throw Unknown(path);
            }
        }

        return new Derivation(rule ?? throw Missing($"{name}.rule"), version ?? throw Missing($"{name}.version"), sources)
        {
            SourceCount = count ?? sources.Length,
            SourcesHash = hash,
        };
    }

    string Text(string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String) throw Refused($"has no text in '{name}'");
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Refused($"has a text in '{name}' that is not valid UTF-8, or half of a surrogate pair");
        }
    }

    string[] Texts(string name, JsonElement value) => [.. Items(name, value).Select(item => Text(name, item))];

    JsonElement.ArrayEnumerator Items(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : throw Refused($"has no array in '{name}'");

    string ObjectText(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Object ? Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(value)) : throw Refused($"has no object in '{name}'");

    long Number(string name, JsonElement value, long most, long least = 1) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var read) && read >= least && read <= most
            ? read
            : throw Refused($"has no whole number from {least} to {most} in '{name}'");

    bool Truth(string name, JsonElement value) =>
        value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Refused($"has neither true nor false in '{name}'");

    Guid Id(string name, JsonElement value) =>
        Guid.TryParseExact(Text(name, value), "D", out var id) ? id : throw Refused($"has no id in '{name}'");

    DateTimeOffset Time(string name, JsonElement value) =>
        TimeParsing.TryParse(Text(name, value), out var time) ? time : throw Refused($"has no time in '{name}': '{TextFit.Fit(Text(name, value), 60)}' is not RFC 3339, or not within the years 1 to 9999");

    byte[] Bytes(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.String && value.TryGetBytesFromBase64(out var bytes) ? bytes : throw Refused($"has no Base64 in '{name}'");

    byte[] Hex(string name, JsonElement value)
    {
        try
        {
            return Convert.FromHexString(Text(name, value));
        }
        catch (FormatException)
        {
            throw Refused($"has no hexadecimal digits in '{name}'");
        }
    }

    CliException Missing(string field) =>
        Refused(field == JsonLinesExport.LedgerField ? $"has no field '{field}', so it is not a line of an export ('factstone export jsonl' writes one)" : $"has no field '{field}'");

    CliException Refused(string what) => CliException.Refused($"Line {number} {what}.");
}
