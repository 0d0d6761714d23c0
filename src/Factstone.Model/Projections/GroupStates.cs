using System.Diagnostics.CodeAnalysis;

namespace Factstone;

/// <summary>The state of one group in memory. Guarded by the lock of its <see cref="GroupStates{TState}"/>.</summary>
internal sealed class Group<TState>(string key, TState state, Position position)
{
    public string Key => key;

    public TState State { get; set; } = state;

    /// <summary>The position of the last fact in the state. Every fact of the group up to there is in it.</summary>
    public Position Position { get; set; } = position;

    /// <summary>Whether the state is not the stored one, and the group is in the list of those to be written.</summary>
    public bool IsDirty { get; set; }

    /// <summary>Whether the state was encoded, and its cell is not durable yet.</summary>
    public bool IsBeingWritten { get; set; }

    /// <summary>Whether there is a cell of the group.</summary>
    public bool IsStored { get; set; }

    /// <summary>Whether the stored state has parts.</summary>
    public bool HasParts { get; set; }
}

/// <summary>The states of the groups in memory: all of them, or, of many, those that were used last.</summary>
/// <remarks>
/// Always true: a group whose state is not stored is in memory.
/// Groups are in a younger and an older half. One that is used moves to the younger half; when that is full, the older half is left out, once
/// all of it is stored.
/// Threads: one folds, one writes, any number read.
/// </remarks>
internal sealed class GroupStates<TState>(int groupsMax)
{
    readonly Lock _lock = new();
    Dictionary<string, Group<TState>> _younger = new(StringComparer.Ordinal);
    Dictionary<string, Group<TState>> _older = new(StringComparer.Ordinal);
    List<Group<TState>> _dirty = [];

    /// <summary>Groups without a cell, which a listing of the cells does not find.</summary>
    readonly HashSet<string> _unstored = new(StringComparer.Ordinal);

    /// <summary>Whether every group is in memory, so that one that is not there does not exist.</summary>
    public bool HasAll { get; private set; } = true;

    /// <summary>Raised when all states are forgotten.</summary>
    public int Epoch { get; private set; }

    /// <summary>Whether a group that is to be added has no room.</summary>
    public bool IsFull
    {
        get
        {
            lock (_lock) return _younger.Count >= (_older.Count == 0 ? groupsMax : groupsMax / 2);
        }
    }

    /// <summary>Whether the younger half is half full, and the older one has states to write before it can be left out.</summary>
    public bool WantsWriting
    {
        get
        {
            lock (_lock) return _older.Count > 0 && _dirty.Count > 0 && _younger.Count == groupsMax / 4;
        }
    }

    public int DirtyCount
    {
        get
        {
            lock (_lock) return _dirty.Count;
        }
    }

    public Group<TState>? Find(string key)
    {
        lock (_lock)
        {
            if (_younger.TryGetValue(key, out var group)) return group;
            if (!_older.Remove(key, out group)) return null;
            _younger.Add(key, group);
            return group;
        }
    }

    /// <summary>The state of a group, for a reader.</summary>
    /// <param name="key">The group.</param>
    /// <param name="state">Its state.</param>
    /// <param name="position">The position of the last fact in it.</param>
    /// <param name="hasAll">Whether a group that is not there does not exist.</param>
    public bool TryRead(string key, [MaybeNullWhen(false)] out TState state, out Position position, out bool hasAll)
    {
        lock (_lock)
        {
            hasAll = HasAll;
            if (_younger.TryGetValue(key, out var group) || _older.TryGetValue(key, out group))
            {
                (state, position) = (group.State, group.Position);
                return true;
            }
        }

        (state, position) = (default, Position.None);
        return false;
    }

    public void Add(Group<TState> group)
    {
        lock (_lock)
        {
            _younger.Add(group.Key, group);
            if (!group.IsStored) _unstored.Add(group.Key);
        }
    }

    /// <summary>The state after one more fact.</summary>
    public void Set(Group<TState> group, TState state, Position position)
    {
        lock (_lock)
        {
            (group.State, group.Position) = (state, position);
            if (group.IsDirty) return;
            group.IsDirty = true;
            _dirty.Add(group);
        }
    }

    /// <summary>Leaves out the older half. Nothing happens if a state in it is not stored.</summary>
    public void LeaveOutOlder()
    {
        lock (_lock)
        {
            if (_older.Values.Any(static group => group.IsDirty || group.IsBeingWritten || !group.IsStored)) return;
            HasAll &= _older.Count == 0;
            (_older, _younger) = (_younger, _older);
            _younger.Clear();
        }
    }

    /// <summary>Takes the groups that are to be written. A group that changes later is in the next list, too.</summary>
    public List<Group<TState>> TakeDirty()
    {
        lock (_lock)
        {
            var dirty = _dirty;
            _dirty = [];
            return dirty;
        }
    }

    /// <summary>The state of a group that was taken, at the time when it is encoded.</summary>
    public (TState State, Position Position, bool HasParts) Take(Group<TState> group)
    {
        lock (_lock)
        {
            (group.IsDirty, group.IsBeingWritten) = (false, true);
            return (group.State, group.Position, group.HasParts);
        }
    }

    /// <summary>The cells of groups are durable.</summary>
    public void BecomeStored(ReadOnlySpan<Group<TState>> groups)
    {
        lock (_lock)
        {
            foreach (var group in groups)
            {
                group.IsBeingWritten = false;
                if (group.IsStored) continue;
                group.IsStored = true;
                _unstored.Remove(group.Key);
            }
        }
    }

    public void SetParts(Group<TState> group, bool hasParts)
    {
        lock (_lock) group.HasParts = hasParts;
    }

    /// <summary>Groups that were taken and are not written are to be written again.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="encoded">How many of them were encoded; one of these that has changed since is in the list already.</param>
    public void PutBack(List<Group<TState>> groups, int encoded)
    {
        lock (_lock)
        {
            for (var i = 0; i < groups.Count; i++)
            {
                groups[i].IsBeingWritten = false;
                if (i < encoded && groups[i].IsDirty) continue;
                groups[i].IsDirty = true;
                _dirty.Add(groups[i]);
            }
        }
    }

    /// <summary>The keys of groups without a cell, in their order.</summary>
    public List<string> UnstoredKeys(string prefix, string? after)
    {
        List<string> keys;
        lock (_lock) keys = [.. _unstored];
        keys.RemoveAll(key => !key.StartsWith(prefix, StringComparison.Ordinal) || (after is not null && Utf8Order.Instance.Compare(key, after) <= 0));
        keys.Sort(Utf8Order.Instance);
        return keys;
    }

    public void Clear(bool hasAll)
    {
        lock (_lock)
        {
            _younger = new(StringComparer.Ordinal);
            _older = new(StringComparer.Ordinal);
            _dirty = [];
            _unstored.Clear();
            HasAll = hasAll;
            Epoch++;
        }
    }
}
