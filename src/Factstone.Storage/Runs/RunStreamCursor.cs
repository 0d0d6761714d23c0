using System.Text;

namespace Factstone.Storage;

/// <summary>Visits the streams of a store in a run.</summary>
internal sealed class RunStreamCursor : StreamCursor
{
    readonly Run _run;
    readonly TermCursor _terms;
    readonly int _keyAt;
    readonly byte[] _prefix;

    public RunStreamCursor(Run run, string store, string prefix, string? after)
    {
        _run = run;
        _prefix = TermKey.Prefix(TermKind.Stream, store, prefix);
        _keyAt = _prefix.Length - Encoding.UTF8.GetByteCount(prefix);

        // The first key after another one is that key with a zero appended, which no key contains.
        var isAfter = after is not null && Utf8Order.Instance.Compare(after, prefix) >= 0;
        _terms = isAfter ? new TermCursor(run, TermKey.Prefix(TermKind.Stream, store, after + '\0'), run.BlockOf(TermKey.Of(TermKey.Prefix(TermKind.Stream, store, after!)))) : new TermCursor(run, _prefix);
    }

    public override ReadOnlySpan<byte> Key => _terms.Term[_keyAt..];

    protected override bool Move() => _terms.MoveNext() && _terms.Term.StartsWith(_prefix);

    public override Location LastLocation(Position until) => _run.LastLocationIn(_terms.Value, until);
}
