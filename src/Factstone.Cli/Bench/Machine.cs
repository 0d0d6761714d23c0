using System.Runtime.InteropServices;

namespace Factstone.Cli.Bench;

/// <summary>The machine of a measurement.</summary>
internal static class Machine
{
    /// <summary>Processor, cores, kernel, runtime, and the file system under a directory.</summary>
    public static string Describe(string directory) =>
        $"{Processor()}, {Environment.ProcessorCount} cores; {RuntimeInformation.OSDescription}, kernel {Read("/proc/sys/kernel/osrelease")?.Trim() ?? "unknown"}; {RuntimeInformation.FrameworkDescription}; {FileSystem(directory)}";

    /// <summary>Processes that ran or waited on average over the last minute. More than the number of cores means a busy machine.</summary>
    public static string Load() => Read("/proc/loadavg")?.Split(' ')[0] ?? "unknown";

    static string Processor() =>
        Read("/proc/cpuinfo")?.Split('\n').FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[^1].Trim()
        ?? $"{RuntimeInformation.ProcessArchitecture}";

    /// <summary>The file system of the longest mount point above the directory.</summary>
    static string FileSystem(string directory)
    {
        var path = Path.GetFullPath(directory);
        var mount = Read("/proc/self/mounts")?.Split('\n').Select(line => line.Split(' ')).Where(parts => parts.Length > 2 && IsAbove(parts[1], path)).MaxBy(parts => parts[1].Length);
        return mount is null ? "file system unknown" : $"{mount[2]} on {mount[0]}";
    }

    static bool IsAbove(string mount, string path) => path == mount || path.StartsWith(mount.TrimEnd('/') + "/", StringComparison.Ordinal);

    static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
