namespace Factstone.Cli.Imports;

/// <summary>One append of an import and its source, for messages: <c>commit 1a2b…</c>, <c>line 7</c>.</summary>
internal record ImportBatch(AppendRequest Request, string Source);
