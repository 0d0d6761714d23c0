using System.Text;

namespace Factstone.Storage;

/// <summary>The streams of a store in a damaged run: from the run while its blocks are whole, then from the log, some hundred at a time.</summary>
internal sealed class GuardedStreams : StreamCursor
{
    readonly DamagedRun _part;
    readonly string _store;
    readonly byte[] _prefix;
    readonly int _keyAt;
    readonly StreamCursor? _ofRun;
    byte[] _term;
    TermPages? _ofLog;
    Location _last;

    public GuardedStreams(DamagedRun part, string store, string prefix, string? after)
    {
        (_part, _store) = (part, store);
        _prefix = TermKey.Prefix(TermKind.Stream, store, prefix);
        _keyAt = _prefix.Length - Encoding.UTF8.GetByteCount(prefix);
        _term = after is null ? [] : TermKey.Prefix(TermKind.Stream, store, after);
        try
        {
            _ofRun = part.Run.OpenStreams(store, prefix, after);
        }
        catch (RunDamagedException)
        {
            UseLog();
        }
    }

    public override ReadOnlySpan<byte> Key => _term.AsSpan(_keyAt);

    public override Location LastLocation(Position until)
    {
        var stream = new StreamName(_store, Encoding.UTF8.GetString(Key));
        if (_ofLog is not null) return _last.Position <= until ? _last : _part.ScanLast(stream, until);
        try
        {
            return _ofRun!.LastLocation(until);
        }
        catch (RunDamagedException)
        {
            return _part.ScanLast(stream, until);
        }
    }

    protected override bool Move()
    {
        if (_ofLog is null)
        {
            try
            {
                if (!_ofRun!.MoveNext()) return false;
                _term = [.. _prefix.AsSpan(0, _keyAt), .. _ofRun.Key];
                return true;
            }
            catch (RunDamagedException)
            {
                UseLog();
            }
        }

        if (!_ofLog!.MoveNext()) return false;
        (_term, _last) = (_ofLog.Term, _ofLog.Found.Last);
        return true;
    }

    void UseLog() => _ofLog = new TermPages(_part, TermKind.Stream, _term.Length == 0 || _term.AsSpan().SequenceCompareTo(_prefix) < 0 ? _prefix : [.. _term, 0], _prefix);
}
