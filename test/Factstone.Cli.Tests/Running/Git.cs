using System.Diagnostics;
using System.Text;

namespace Factstone.Cli.Tests;

/// <summary>Runs git, whose output is the reference for imports.</summary>
static class Git
{
    /// <summary>Returns the output of a command, which must succeed.</summary>
    public static string Run(string directory, params string[] arguments) => Encoding.UTF8.GetString(Run(directory, [], arguments));

    /// <summary>Creates a repository with the history in a stream for <c>git fast-import</c>.</summary>
    public static string Build(TempDirectory directory, string name, string stream)
    {
        var path = directory.At(name);
        Run(directory.Path, "init", "--quiet", "--bare", "--initial-branch=main", path);
        Continue(path, stream);
        return path;
    }

    /// <summary>Adds to the history.</summary>
    public static void Continue(string repository, string stream) => Run(repository, Encoding.UTF8.GetBytes(stream), "fast-import", "--quiet", "--force");

    public static byte[] Run(string directory, byte[] input, params string[] arguments)
    {
        var start = new ProcessStartInfo("git") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["-C", directory, "-c", "safe.directory=*", .. arguments]) start.ArgumentList.Add(argument);
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        using var git = Process.Start(start)!;
        var errors = git.StandardError.ReadToEndAsync();
        using var output = new MemoryStream();
        var reading = git.StandardOutput.BaseStream.CopyToAsync(output);
        git.StandardInput.BaseStream.Write(input);
        git.StandardInput.Close();
        reading.GetAwaiter().GetResult();
        git.WaitForExit();
        Assert.True(git.ExitCode == 0, errors.GetAwaiter().GetResult());
        return output.ToArray();
    }
}
