using Factstone.Storage;

namespace Factstone.Testing;

/// <summary>The names on a <see cref="SimulatedDisk"/>, as readers see them and as a power loss leaves them.</summary>
/// <remarks>
/// Directories are durable once they are created, as <see cref="IFileSystem.CreateDirectory"/> promises. The names of
/// files become durable when their directory is synced. Without a sync, a power loss keeps a prefix of the changes of
/// each directory. A rename is one change, also between directories: it survives in both or in neither.
/// </remarks>
internal sealed class SimulatedNames
{
    readonly Dictionary<string, Directory> _directories = new() { [""] = new Directory() };
    readonly List<Change> _unsynced = [];

    readonly List<SimulatedRoot> _roots = [];

    sealed class Directory
    {
        public SimulatedDirectoryLock Lock { get; } = new();

        public Dictionary<string, SimulatedFile> Seen { get; set; } = [];

        public Dictionary<string, SimulatedFile> Durable { get; } = [];
    }

    /// <summary>One or two entries that change at once; null for a removed name.</summary>
    sealed record Change(params (Directory Directory, string Name, SimulatedFile? File)[] Entries)
    {
        public bool Touches(HashSet<Directory> directories) => Entries.Any(entry => directories.Contains(entry.Directory));
    }

    public bool DirectoryExists(string path) => _directories.ContainsKey(FileNames.Trimmed(path));

    public SimulatedFile? Find(string path) =>
        _directories.TryGetValue(FileNames.DirectoryOf(path), out var directory) ? directory.Seen.GetValueOrDefault(FileNames.NameOf(path)) : null;

    public IEnumerable<string>? List(string directory) => _directories.GetValueOrDefault(FileNames.Trimmed(directory))?.Seen.Keys;

    public IReadOnlyList<string> ListDirectories(string directory) => FileNames.DirectoriesIn(directory, _directories.Keys);

    public IEnumerable<(string Path, SimulatedFile File)> Seen => All(directory => directory.Seen);

    public IEnumerable<(string Path, SimulatedFile File)> Durable => All(directory => directory.Durable);

    public void CreateDirectory(string path) => _directories.TryAdd(path, new Directory());

    /// <summary>Holds a directory open; null if there is none.</summary>
    public SimulatedRoot? OpenDirectory(string path)
    {
        if (!DirectoryExists(path)) return null;
        var root = new SimulatedRoot(FileNames.Trimmed(path));
        _roots.Add(root);
        return root;
    }

    public void Close(SimulatedRoot root) => _roots.Remove(root);

    /// <summary>Renames a directory with everything below it, durably. Processes that hold it open continue in it.</summary>
    public void MoveDirectory(string from, string to)
    {
        if (!_directories.ContainsKey(from) || _directories.ContainsKey(to) || Find(to) is not null || !_directories.ContainsKey(FileNames.DirectoryOf(to)))
            throw new LedgerIOException(from, "rename", DiskReasons.NoSuchFile);
        foreach (var path in _directories.Keys.Where(path => IsWithin(path, from)).ToList())
        {
            _directories.Remove(path, out var directory);
            _directories.Add(to + path[from.Length..], directory!);
        }

        foreach (var root in _roots.Where(root => IsWithin(root.Path, from))) root.Path = to + root.Path[from.Length..];
    }

    /// <summary>The lock of the directory that contains a file; null if there is no such directory.</summary>
    public SimulatedDirectoryLock? LockOf(string path) => _directories.GetValueOrDefault(FileNames.DirectoryOf(path))?.Lock;

    public void Put(string path, SimulatedFile file) => Apply(new Change(Entry(path, file)));

    public void Remove(string path) => Apply(new Change(Entry(path, null)));

    public void Rename(string from, string to, SimulatedFile file) => Apply(new Change(Entry(from, null), Entry(to, file)));

    public void Sync(string path)
    {
        // Earlier changes in the other directory of a rename must survive as well, or the order would be wrong.
        var needed = new HashSet<Directory> { _directories[FileNames.Trimmed(path)] };
        var kept = new List<Change>();
        for (var i = _unsynced.Count - 1; i >= 0; i--)
        {
            if (!_unsynced[i].Touches(needed)) continue;
            foreach (var (directory, _, _) in _unsynced[i].Entries) needed.Add(directory);
            kept.Add(_unsynced[i]);
            _unsynced.RemoveAt(i);
        }

        kept.Reverse();
        kept.ForEach(MakeDurable);
    }

    public void LosePower(Random random, PowerLossTally tally)
    {
        var keepsAll = random.Next(3) == 0;
        var lostFrom = new HashSet<Directory>();
        var left = new Dictionary<Directory, int>();
        foreach (var change in _unsynced)
        {
            foreach (var (directory, _, _) in change.Entries)
            {
                if (!left.TryGetValue(directory, out var count))
                    count = keepsAll ? int.MaxValue : random.Next(_unsynced.Count(other => other.Touches([directory])) + 1);
                if (count == 0) lostFrom.Add(directory);
                left[directory] = count - 1;
            }

            if (!change.Touches(lostFrom))
            {
                MakeDurable(change);
                continue;
            }

            foreach (var (directory, _, _) in change.Entries) lostFrom.Add(directory);
            tally.NamesLost++;
        }

        _unsynced.Clear();
        _roots.Clear();
        foreach (var directory in _directories.Values)
        {
            directory.Seen = new Dictionary<string, SimulatedFile>(directory.Durable);
            directory.Lock.LockedBy = null;
        }
    }

    static bool IsWithin(string path, string directory) =>
        path.StartsWith(directory, StringComparison.Ordinal) && (path.Length == directory.Length || path[directory.Length] == '/');

    static void MakeDurable(Change change)
    {
        foreach (var (directory, name, file) in change.Entries) Set(directory.Durable, name, file);
    }

    static void Set(Dictionary<string, SimulatedFile> names, string name, SimulatedFile? file)
    {
        if (file is null) names.Remove(name);
        else names[name] = file;
    }

    void Apply(Change change)
    {
        foreach (var (directory, name, file) in change.Entries) Set(directory.Seen, name, file);
        _unsynced.Add(change);
    }

    (Directory Directory, string Name, SimulatedFile? File) Entry(string path, SimulatedFile? file) =>
        (_directories[FileNames.DirectoryOf(path)], FileNames.NameOf(path), file);

    IEnumerable<(string Path, SimulatedFile File)> All(Func<Directory, Dictionary<string, SimulatedFile>> names) =>
        _directories.SelectMany(directory => names(directory.Value)
            .Select(entry => (directory.Key.Length == 0 ? entry.Key : $"{directory.Key}/{entry.Key}", entry.Value)));
}
