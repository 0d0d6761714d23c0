namespace Factstone.Storage;

/// <summary>Reasons of disk errors, in the words of the C library. The file systems in memory use them too, so that a message does not depend on the file system.</summary>
internal static class DiskReasons
{
    public const string NoSuchFile = "No such file or directory";
    public const string Exists = "File exists";
    public const string IsDirectory = "Is a directory";
    public const string NotDirectory = "Not a directory";
    public const string BadDescriptor = "Bad file descriptor";
    public const string TooLarge = "File too large";
    public const string NoSpace = "No space left on device";
    public const string InputOutput = "Input/output error";
    public const string PermissionDenied = "Permission denied";
    public const string DirectoryDeleted = "No such file or directory: the ledger's directory was deleted";
    public const string IsPipe = "Is a pipe, not a file";
    public const string NameTooLong = "File name too long";
}
