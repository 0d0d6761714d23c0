using Factstone.Cli.Output;

namespace Factstone.Cli.Commands;

/// <summary>Prints the outcome of an append, and ends the command with it.</summary>
internal static class AppendAnswer
{
    public static int Write(Session session, AppendOutcome outcome, string? appendId)
    {
        switch (outcome)
        {
            case AppendOutcome.Committed { Receipt: var receipt } when session.IsJson:
                session.Output.WriteJson(json => OutcomeJson.WriteReceipt(json, OutcomeJson.Committed, receipt, appendId));
                return ExitCodes.Done;
            case AppendOutcome.Duplicate duplicate when session.IsJson:
                session.Output.WriteJson(json => OutcomeJson.WriteReceipt(json, OutcomeJson.Duplicate, duplicate.Receipt, appendId, duplicate.Difference));
                return ExitCodes.Done;
            case AppendOutcome.Committed { Receipt: var receipt }:
                session.Output.WriteLine($"Appended {Where(receipt)}.");
                return ExitCodes.Done;
            case AppendOutcome.Duplicate duplicate:
                var differs = duplicate.Difference is { } difference ? $" It had other content: {difference} differs." : "";
                session.Output.WriteLine(TextFit.Clean($"Nothing added: '{appendId}' was appended before, as {Where(duplicate.Receipt)}.{differs}"));
                return ExitCodes.Done;
            case AppendOutcome.Conflict conflict:
                WriteWinners(session, conflict);
                break;
        }

        outcome.EnsureCommittedOrDuplicate();
        return ExitCodes.Done;
    }

    static void WriteWinners(Session session, AppendOutcome.Conflict conflict)
    {
        if (session.IsJson)
        {
            session.Output.WriteJson(json => OutcomeJson.WriteConflict(json, conflict));
            return;
        }
        foreach (var fact in conflict.Facts) session.WriteFact(fact);
        if (!conflict.IsComplete) session.Output.WriteLine($"… and more; '{(conflict.Condition.Query is null ? "history" : "facts")}' has them all.");
    }

    static string Where(AppendReceipt receipt) =>
        TextFit.Clean($"{string.Join(", ", receipt.Versions.Select(one => one.ToString()).Concat(receipt.CellVersions.Select(one => one.ToString())))}{(receipt.Count > 0 ? $" at @{receipt.LastPosition}" : "")}, recorded {TimeText.Exact(receipt.RecordedAt)}");
}
