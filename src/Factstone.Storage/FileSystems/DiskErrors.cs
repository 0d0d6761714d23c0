#pragma warning disable RS0030 // This and its neighbours are the disk behind IFileSystem, so they use System.IO.

using System.Runtime.InteropServices;

namespace Factstone.Storage;

/// <summary>Converts errors of an operating system or the base library to the two exceptions that a file system may throw.</summary>
internal static class DiskErrors
{
    // Windows has two codes for a full disk; the base library keeps the code as HRESULT_FROM_WIN32.
    const int WindowsDiskFull = unchecked((int)0x80070070);
    const int WindowsHandleDiskFull = unchecked((int)0x80070027);

    /// <summary>Whether the exception is an error of the disk. Arguments are checked before, so an argument exception is one as well: a file beyond the limit of the disk (EFBIG).</summary>
    public static bool IsRefusal(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentOutOfRangeException;

    public static FactstoneException From(Exception exception, string path, string operation) => From(exception, new DiskPath(path, path, null), operation);

    /// <summary>The same for a file that was accessed by another path. Messages do not contain that path, because it means nothing outside of this process.</summary>
    public static FactstoneException From(Exception exception, in DiskPath at, string operation)
    {
        var code = CodeOf(exception);
        var inner = at.Path == at.Reached ? exception : null;
        if (IsFull(code) || exception.HResult is WindowsDiskFull or WindowsHandleDiskFull)
            return new LedgerFullException(at.Path, operation, inner);
        if (IsOutOfDescriptors(code)) return new LedgerIOException(at.Path, operation, Descriptors.Exhausted(), inner) { IsOutOfDescriptors = true };
        var reason = ReasonOf(exception, at.Reached, code);
        return new LedgerIOException(at.Path, operation, inner is null ? reason.Replace(at.Reached, at.Path, StringComparison.Ordinal) : reason, inner);
    }

    public static FactstoneException From(int error, string path, string operation)
    {
        if (IsFull(error)) return new LedgerFullException(path, operation);
        return IsOutOfDescriptors(error)
            ? new LedgerIOException(path, operation, Descriptors.Exhausted()) { IsOutOfDescriptors = true }
            : new LedgerIOException(path, operation, Text(error));
    }

    /// <summary>The exception for a failed sync, which is never that of a full disk: see <see cref="FailedSync"/>.</summary>
    public static LedgerIOException FromSync(int error, string path, string operation) => OfSync(From(error, path, operation), path, operation);

    public static LedgerIOException FromSync(Exception exception, string path, string operation) => OfSync(From(exception, path, operation), path, operation);

    static LedgerIOException OfSync(FactstoneException failure, string path, string operation) =>
        failure as LedgerIOException ?? FailedSync.ForWantOfSpace(path, operation, failure);

    static bool IsFull(int error) => !OperatingSystem.IsWindows() && (error == LibC.ErrorNoSpace || error == LibC.ErrorQuota);

    static bool IsOutOfDescriptors(int error) => !OperatingSystem.IsWindows() && error == LibC.ErrorTooManyFiles;

    /// <summary>The error number of the C library, if the base library kept it.</summary>
    static int CodeOf(Exception exception) => exception switch
    {
        UnauthorizedAccessException { InnerException: IOException inner } => inner.HResult,
        IOException => exception.HResult,
        _ => 0,
    };

    static string ReasonOf(Exception exception, string path, int code) => exception switch
    {
        DirectoryNotFoundException when File.Exists(path) => DiskReasons.NotDirectory,
        FileNotFoundException or DirectoryNotFoundException => DiskReasons.NoSuchFile,
        PathTooLongException => DiskReasons.NameTooLong,
        UnauthorizedAccessException when Directory.Exists(path) => DiskReasons.IsDirectory,
        ArgumentOutOfRangeException => DiskReasons.TooLarge,
        NotSupportedException => "Not a regular file",
        _ when !OperatingSystem.IsWindows() && code is > 0 and < 4096 => Text(code),
        _ => exception.Message.TrimEnd('.'),
    };

    static string Text(int error) => Marshal.GetPInvokeErrorMessage(error);
}
