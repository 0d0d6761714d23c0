#pragma warning disable RS0030 // This and its neighbours are the disk behind IFileSystem, so they use System.IO.

using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace Factstone.Storage;

/// <summary>How many files this process may have open, and how many more that leaves.</summary>
internal static class Descriptors
{
    /// <summary>What a writer cannot do without, beside the files of its pool: its directory, LOCK, HEAD, the segment that is written, and one that is opened for a moment.</summary>
    const int NeededByWriter = 5;

    /// <summary>What a reader holds at most: HEAD, a directory that is listed, and a segment or a run.</summary>
    const int NeededByReader = 3;

    /// <summary>With so many left nobody has to count.</summary>
    const int PlentyLeft = 160;

    /// <summary>The limit that always suffices for a process that has one ledger open.</summary>
    public const int LimitMin = 64;

    const int LimitRecommended = 1_024;

    /// <summary>The limit of this process; <see cref="int.MaxValue"/> where there is none, or none is known.</summary>
    public static int Limit() =>
        !OperatingSystem.IsWindows() && Environment.Is64BitProcess && LibC.GetLimit(LibC.LimitOfFiles, out var limit) == 0 && limit.Current < int.MaxValue ? (int)limit.Current : int.MaxValue;

    /// <summary>How many more files this process may open; <see cref="int.MaxValue"/> where nobody knows.</summary>
    public static int Left()
    {
        var limit = Limit();
        if (limit == int.MaxValue) return limit;
        if (limit - TakenAtMost() is var plenty and >= PlentyLeft) return plenty;
        try
        {
            // A number beyond the limit was opened before the limit was set, and takes nothing of it.
            var taken = Directory.EnumerateFileSystemEntries(OperatingSystem.IsLinux() ? "/proc/self/fd" : "/dev/fd")
                .Count(path => int.TryParse(Path.GetFileName(path.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < limit);
            return Math.Max(limit - taken, 0);
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            return 0; // not even the list can be opened
        }
    }

    /// <summary>How many files this process has open, those beyond the limit included, where the system says it without a list; otherwise the most there can be.</summary>
    /// <remarks>Linux 6.2 and later give the number as the size of the directory: proc(5), /proc/pid/fd.</remarks>
    static int TakenAtMost() =>
        OperatingSystem.IsLinux() && FileStatus.Of("/proc/self/fd", out _) is { Size: > 0 and < int.MaxValue } status ? (int)status.Size : int.MaxValue;

    /// <summary>Keeps as many files open as this process may, and refuses to open a ledger that could not be used.</summary>
    /// <exception cref="LedgerIOException">This process may not open enough files.</exception>
    public static StorageOptions Fit(IFileSystem files, string root, StorageOptions options, bool isWriter)
    {
        var left = files.DescriptorsLeft();
        if (left < PlentyLeft) left = TryLoadAssemblies() ? files.DescriptorsLeft() : 0;
        var needed = isWriter ? NeededByWriter : NeededByReader;
        if (left < needed) throw new LedgerIOException(root, "opening a ledger", TooFew(needed, left)) { IsOutOfDescriptors = true };
        return options with { OpenFilesMax = Math.Min(options.OpenFilesMax, Math.Max(left - needed, FilePool.OpenMin)) };
    }

    /// <summary>The runtime keeps two files open for each assembly that it loads, and ends the process, or throws what nobody expects, where it cannot. So what a ledger needs is loaded before the rest is counted.</summary>
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

    /// <summary>The limit that suffices for the command line, which loads more of the runtime than a ledger needs.</summary>
    public const int LimitOfCommands = 80;

    /// <summary>Says on standard error that a process may have too few files open; false where it may have enough.</summary>
    /// <remarks>Loads nothing: with fewer files the runtime may not be able to, and then it ends the process.</remarks>
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

    /// <summary>Why nothing more can be opened, and what to type.</summary>
    public static string Exhausted() => $"this process may have {Limit()} files open, and all of these are in use; {Advice}";

    /// <summary>The same for a ledger that is about to be opened.</summary>
    static string TooFew(int needed, int left) =>
        string.Create(CultureInfo.InvariantCulture, $"a ledger needs {needed} files open, and this process may open {left} more (its limit is {Limit()}); {Advice}");

    /// <summary>What to type.</summary>
    public static string Advice { get; } = string.Create(CultureInfo.InvariantCulture, $"raise the limit to at least {LimitMin}, for example with: ulimit -n {LimitRecommended}");
}
