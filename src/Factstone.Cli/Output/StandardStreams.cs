using System.Text.Unicode;
using Microsoft.Win32.SafeHandles;

namespace Factstone.Cli.Output;

/// <summary>The process's own streams and arguments, as the operating system has them.</summary>
internal static class StandardStreams
{
    const int OutputDescriptor = 1;
    const int WidthDefault = 80;

    /// <summary>Columns of the terminal.</summary>
    public static int Width()
    {
        try
        {
            return Console.IsOutputRedirected || Console.WindowWidth <= 0 ? WidthDefault : Console.WindowWidth;
        }
        catch (IOException)
        {
            return WidthDefault;
        }
    }

    /// <summary>Standard output. A write to a closed pipe fails; the console's stream would ignore that failure, and a long answer would never end.</summary>
    public static Stream Output()
    {
        if (OperatingSystem.IsWindows() || !Console.IsOutputRedirected) return Console.OpenStandardOutput();
        try
        {
            var stream = new FileStream(new SafeFileHandle(OutputDescriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            // Into a file it would write at its own offsets, over what other processes append.
            if (!stream.CanSeek) return stream;
        }
        catch (Exception failure) when (failure is IOException or ArgumentException or UnauthorizedAccessException)
        {
            // Closed, or something that only the console's stream supports.
        }
        return Console.OpenStandardOutput();
    }

    /// <summary>Whether an argument has bytes that are not UTF-8. The runtime replaces them, and the wrong text would be stored.</summary>
    public static bool HasInvalidArguments()
    {
        const string Arguments = "/proc/self/cmdline";
        try
        {
            return OperatingSystem.IsLinux() && !Utf8.IsValid(File.ReadAllBytes(Arguments));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
