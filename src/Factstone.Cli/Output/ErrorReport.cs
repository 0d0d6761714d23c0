using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Factstone.Cli.Output;

/// <summary>An exception as an exit code, a line of text and a JSON object.</summary>
internal sealed record ErrorReport(int ExitCode, string Error, string Message, Action<Utf8JsonWriter>? Data = null)
{
    public static ErrorReport Of(Exception exception) => exception switch
    {
        CliException cli => new(cli.ExitCode, cli.Error, cli.Message),
        OperationCanceledException => new(ExitCodes.Failed, ErrorNames.Cancelled, "Cancelled. What was acknowledged is in the ledger."),
        LedgerDamagedException damaged => new(ExitCodes.Damaged, ErrorNames.Damaged, damaged.Message, json => DamageJson.Write(json, damaged.Damage)),
        BlobDamagedException damaged => new(ExitCodes.Damaged, ErrorNames.Damaged, damaged.Message, json => json.WriteString("cid", damaged.Cid.ToString())),
        BlobNotFoundException none => new(ExitCodes.NotFound, ErrorNames.NotFound, none.Message, json => json.WriteString("cid", none.Cid.ToString())),
        LedgerForkedException forked => new(ExitCodes.Failed, ErrorNames.Forked, forked.Message, json => json.WriteNumber("lastCommonPosition", forked.LastCommonPosition.Value)),
        LedgerNotFoundException none => new(ExitCodes.Failed, ErrorNames.NoLedger, NoLedger(none), json => json.WriteString("path", none.Path)),
        LedgerLockedException locked => new(ExitCodes.Failed, ErrorNames.Locked, locked.Message, json => json.WriteString("holder", locked.Holder)),
        LedgerFullException full => new(ExitCodes.Failed, ErrorNames.Full, full.Message, json => json.WriteString("path", full.Path)),
        LedgerUnfinishedException unfinished => new(ExitCodes.Failed, ErrorNames.Unfinished, unfinished.Message, json => json.WriteString("path", unfinished.Path)),
        LedgerIsBackupException backup => new(ExitCodes.Failed, ErrorNames.Backup, backup.Message, json => json.WriteString("path", backup.Path)),
        DirectoryNotEmptyException notEmpty => new(ExitCodes.Failed, ErrorNames.NotEmpty, notEmpty.Message, json => json.WriteString("path", notEmpty.Path)),
        BackupRefusedException refused => new(ExitCodes.Failed, ErrorNames.Failed, refused.Message, json => json.WriteString("path", refused.Path)),
        LedgerFormatException newer => new(ExitCodes.Failed, ErrorNames.NewerFormat, newer.Message, json => WriteFormat(json, newer)),
        LedgerIOException io => new(ExitCodes.Failed, ErrorNames.Failed, io.Message, json => json.WriteString("path", io.Path)),
        // An import was cancelled, or refused, and an append in flight failed: the failure is the last one.
        AggregateException { InnerExceptions: [.., var last] } => Of(last),
        AppenderFailedException { InnerException: { } why } => Of(why),
        AppendConflictException conflict => new(ExitCodes.Conflict, ErrorNames.Conflict, conflict.Message, json => OutcomeJson.WriteActual(json, conflict.Conflict)),
        AppendIdReusedException reused => new(ExitCodes.Conflict, ErrorNames.AppendIdReused, reused.Message, json => WriteReused(json, reused.Reused)),
        AppendRejectedException rejected => new(ExitCodes.Conflict, ErrorNames.Rejected, rejected.Message, json => json.WriteString("by", rejected.Rejected.By)),
        AppendUnknownException unknown => new(ExitCodes.Failed, ErrorNames.Unknown, unknown.Message, json => WriteUnknown(json, unknown.Unknown)),
        FactstoneException other => new(ExitCodes.Failed, ErrorNames.Failed, other.Message),
        // The ledger reports a wrong request by the exceptions of a wrong argument.
        ArgumentException wrong => new(ExitCodes.Refused, ErrorNames.Refused, WithoutParameter(wrong)),
        IOException or UnauthorizedAccessException => new(ExitCodes.Failed, ErrorNames.Failed, exception.Message),
        _ => new(ExitCodes.Failed, ErrorNames.Failed, $"{exception.Message} ({exception.GetType().Name})"),
    };

    /// <summary>The message if there is no ledger, with a command that creates one.</summary>
    static string NoLedger(LedgerNotFoundException none) => File.Exists(none.Path)
        ? $"There is no ledger in '{none.Path}': it is a file, and a ledger is a directory."
        : $$"""There is no ledger in '{{none.Path}}'. To start a new one: factstone append orders/42 placed '{"total":50}' --data {{Quoted(none.Path)}}""";

    /// <summary>Writes one line to standard error: text, or with <c>--json</c> one object.</summary>
    public void WriteTo(StandardError error, bool asJson) => error.WriteLine(asJson ? Json() : $"error: {TextFit.Clean(Message)}");

    string Json()
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("error", Error);
            json.WriteString("message", Message);
            Data?.Invoke(json);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>A directory, quoted for a shell.</summary>
    static string Quoted(string path) => path.All(unit => char.IsAsciiLetterOrDigit(unit) || "/._-+~".Contains(unit, StringComparison.Ordinal)) ? path : $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>The sentence without the parameter's name, which means nothing to a user of the command line.</summary>
    static string WithoutParameter(ArgumentException wrong)
    {
        var at = wrong.ParamName is { } name ? wrong.Message.IndexOf($" (Parameter '{name}')", StringComparison.Ordinal) : -1;
        return at < 0 ? wrong.Message : wrong.Message[..at];
    }

    static void WriteFormat(Utf8JsonWriter json, LedgerFormatException newer)
    {
        json.WriteString("path", newer.Path);
        json.WriteNumber("found", newer.Found);
    }

    static void WriteReused(Utf8JsonWriter json, AppendOutcome.AppendIdReused reused)
    {
        json.WriteString("appendId", reused.AppendId);
        json.WriteString("difference", reused.Difference);
        json.WriteNumber("first", reused.Receipt.FirstPosition.Value);
        json.WriteNumber("last", reused.Receipt.LastPosition.Value);
    }

    static void WriteUnknown(Utf8JsonWriter json, AppendOutcome.Unknown unknown)
    {
        if (unknown.AppendId is { } id) json.WriteString("appendId", id);
        json.WriteNumber("first", unknown.FirstPosition.Value);
        json.WriteNumber("last", unknown.LastPosition.Value);
    }
}
