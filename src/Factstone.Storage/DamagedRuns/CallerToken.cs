namespace Factstone.Storage;

/// <summary>The cancellation token of the read that this thread is doing.</summary>
/// <remarks>
/// Only a scan of the log takes so long that it has to look at the token, and every question to the index can lead to
/// one. A question begins and ends on one thread, so the token is kept with the thread instead of being passed through
/// every part of the index.
/// </remarks>
internal static class CallerToken
{
    [ThreadStatic]
    static CancellationToken _token;

    /// <summary>Sets the token for the reads on this thread, until the scope is disposed. Scopes can be nested.</summary>
    public static Scope Set(CancellationToken token)
    {
        var before = _token;
        _token = token;
        return new Scope(before);
    }

    /// <exception cref="OperationCanceledException">The caller has cancelled the read.</exception>
    public static void ThrowIfCancelled() => _token.ThrowIfCancellationRequested();

    /// <summary>The same items. The token is set while the next one is looked for, on whichever thread, and not while the caller has it.</summary>
    public static IEnumerable<T> During<T>(IEnumerable<T> items, CancellationToken token)
    {
        using var enumerator = items.GetEnumerator();
        while (MoveNext(enumerator, token)) yield return enumerator.Current;
    }

    static bool MoveNext<T>(IEnumerator<T> enumerator, CancellationToken token)
    {
        using var scope = Set(token);
        return enumerator.MoveNext();
    }

    public readonly ref struct Scope(CancellationToken before)
    {
        public void Dispose() => _token = before;
    }
}
