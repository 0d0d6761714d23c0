#pragma warning disable RS0030 // This and its neighbours are the disk behind IFileSystem, so they use System.IO.

using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace Factstone.Storage;

/// <summary>The limit of open files of this process, and how many are left.</summary>
internal static class Descriptors
{
    /// <summary>The files that a writer needs besides those of its pool: its directory, LOCK, HEAD, the segment that is written, and one that is opened for a moment.</summary>
    const int NeededByWriter = 5;

    /// <summary>The files that a reader has open at most: HEAD, a directory that is listed, and a segment or a run.</summary>
    const int NeededByReader = 3;

    /// <summary>If at least this many are left, no count is needed.</summary>
    const int PlentyLeft = 160;

    /// <summary>The limit that is always enough for a process with one open ledger.</summary>
    public const int LimitMin = 64;

    const int LimitRecommended = 1_024;

    /// <summary>The limit of this process; <see cref="int.MaxValue"/> if there is none, or it is unknown.</summary>
    public static int Limit() =>
        !OperatingSystem.IsWindows() && Environment.Is64BitProcess && LibC.GetLimit(LibC.LimitOfFiles, out var limit) == 0 && limit.Current < int.MaxValue ? (int)limit.Current : int.MaxValue;

    /// <summary>How many more files this process may open; <see cref="int.MaxValue"/> if unknown.</summary>
    public static int Left()
    {
        var limit = Limit();
        if (limit == int.MaxValue) return limit;
        if (limit - TakenAtMost() is var plenty and >= PlentyLeft) return plenty;
        try
        {
            // A descriptor beyond the limit was opened before the limit was set, and does not count.
            var taken = Directory.EnumerateFileSystemEntries(OperatingSystem.IsLinux() ? "/proc/self/fd" : "/dev/fd")
                .Count(path => int.TryParse(Path.GetFileName(path.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < limit);
            return Math.Max(limit - taken, 0);
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            return 0; // not even the list can be opened
        }
    }

    /// <summary>How many files this process has open, those beyond the limit included, if the system reports it without a list; otherwise the maximum.</summary>
    /// <remarks>Linux 6.2 and later give the number as the size of the directory: proc(5), /proc/pid/fd.</remarks>
    static int TakenAtMost() =>
        OperatingSystem.IsLinux() && FileStatus.Of("/proc/self/fd", out _) is { Size: > 0 and < int.MaxValue } status ? (int)status.Size : int.MaxValue;

    /// <summary>Adapts the number of pooled files to the limit of this process, and refuses to open a ledger that could not be used.</summary>
    /// <exception cref="LedgerIOException">This process may not open enough files.</exception>
    public static StorageOptions Fit(IFileSystem files, string root, StorageOptions options, bool isWriter)
    {
        var left = files.DescriptorsLeft();
        if (left < PlentyLeft) left = TryLoadAssemblies() ? files.DescriptorsLeft() : 0;
        var needed = isWriter ? NeededByWriter : NeededByReader;
        if (left < needed) throw new LedgerIOException(root, "opening a ledger", TooFew(needed, left)) { IsOutOfDescriptors = true };
        return options with { OpenFilesMax = Math.Min(options.OpenFilesMax, Math.Max(left - needed, FilePool.OpenMin)) };
    }

    /// <summary>The runtime keeps two files open for each assembly that it loads. If it cannot, it ends the process, or throws an unexpected exception. So the assemblies that a ledger needs are loaded before the remaining files are counted.</summary>
    static bool TryLoadAssemblies()
    {
        try
        {
            LoadAssemblies();
            return true;
        }
        catch (Exception exception) when (exception is IOException or BadImageFormatException or TypeInitializationException or TypeLoadException or OutOfMemoryException)
        {
            return false;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static void LoadAssemblies()
    {
        Type[] types = [typeof(Thread), typeof(ThreadPool), typeof(ConcurrentDictionary<,>), typeof(ConcurrentQueue<>), typeof(Vector128), typeof(Barrier), typeof(SortedSet<>)];
        Invariant.Holds(types.Length > 0);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(hash, hash);
        RandomNumberGenerator.Fill(hash);
    }

    /// <summary>The limit that is enough for the command line, which loads more of the runtime than a ledger needs.</summary>
    public const int LimitOfCommands = 80;

    /// <summary>Reports on standard error that the process may have too few files open; false if it may have enough.</summary>
    /// <remarks>Loads no assembly: with fewer files the runtime may be unable to, and would end the process.</remarks>
    public static bool RefuseTooFew(int needed)
    {
        var limit = Limit();
        if (limit >= needed) return false;
        var text = string.Create(CultureInfo.InvariantCulture, $"error: This process may have {limit} files open, and the command line needs {needed}. Raise the limit: ulimit -n {LimitRecommended}\n");
        Span<byte> bytes = stackalloc byte[text.Length];
        for (var i = 0; i < text.Length; i++) bytes[i] = (byte)text[i];
        _ = LibC.Write(LibC.StandardError, bytes, bytes.Length);
        return true;
    }

    /// <summary>Why no more files can be opened, and the command that helps.</summary>
    public static string Exhausted() => $"this process may have {Limit()} files open, and all of these are in use; {Advice}";

    /// <summary>The same for a ledger that is about to be opened.</summary>
    static string TooFew(int needed, int left) =>
        string.Create(CultureInfo.InvariantCulture, $"a ledger needs {needed} files open, and this process may open {left} more (its limit is {Limit()}); {Advice}");

    /// <summary>The command that helps.</summary>
    public static string Advice { get; } = string.Create(CultureInfo.InvariantCulture, $"raise the limit to at least {LimitMin}, for example with: ulimit -n {LimitRecommended}");
}
