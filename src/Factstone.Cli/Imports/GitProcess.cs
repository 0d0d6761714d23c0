using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Factstone.Cli.Imports;

/// <summary>One run of git, whose output is read while it runs.</summary>
/// <remarks>The user's configuration must not change what is read, and a repository of another owner must not be refused: only objects are read.</remarks>
internal sealed class GitProcess : IAsyncDisposable
{
    const int ErrorCharsMax = 4_096;

    /// <summary>Variables that bind git to a repository (git rev-parse --local-env-vars). They are removed, so that the given repository is read, also inside of a hook.</summary>
    static readonly string[] LocalVariables =
    [
        "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT", "GIT_OBJECT_DIRECTORY", "GIT_DIR",
        "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_GRAFT_FILE", "GIT_INDEX_FILE", "GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE",
        "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_COMMON_DIR",
    ];

    readonly Process _process;
    readonly Task<string> _errors;

    GitProcess(Process process)
    {
        _process = process;
        _errors = LastOfAsync(process.StandardError);
    }

    public Stream Output => _process.StandardOutput.BaseStream;

    public static GitProcess Start(string directory, params ReadOnlySpan<string> arguments)
    {
        var start = new ProcessStartInfo("git") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in (ReadOnlySpan<string>)["-C", directory, "-c", "safe.directory=*", "-c", "safe.bareRepository=all", "-c", "log.showRoot=true", "-c", "log.diffMerges=first-parent", "--no-pager"])
            start.ArgumentList.Add(argument);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var variable in LocalVariables) start.Environment.Remove(variable);
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["GIT_OPTIONAL_LOCKS"] = "0";
        start.Environment["GIT_TERMINAL_PROMPT"] = "0";

        try
        {
            var process = Process.Start(start) ?? throw Missing(null);
            process.StandardInput.Close();
            return new GitProcess(process);
        }
        catch (Win32Exception failure)
        {
            throw Missing(failure);
        }
    }

    /// <summary>Waits for the end; returns git's error text, or null if git succeeded.</summary>
    public async Task<string?> FailureAsync(CancellationToken ct)
    {
        await _process.WaitForExitAsync(ct);
        var errors = await _errors.WaitAsync(ct);
        return _process.ExitCode == 0 ? null : errors.Length > 0 ? errors : $"it ended with exit code {_process.ExitCode}";
    }

    /// <summary>The output of a short command; null if git refused it.</summary>
    public static async Task<string?> TryRunAsync(string directory, CancellationToken ct, params string[] arguments)
    {
        await using var git = Start(directory, arguments);
        using var reader = new StreamReader(git.Output, Encoding.UTF8);
        var text = await reader.ReadToEndAsync(ct);
        return await git.FailureAsync(ct) is null ? text.TrimEnd('\n') : null;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (!_process.HasExited) _process.Kill();
            await _process.WaitForExitAsync();
        }
        catch (InvalidOperationException)
        {
            // It ended between the check and the call.
        }
        _process.Dispose();
    }

    static CliException Missing(Exception? cause) =>
        new(ExitCodes.Failed, ErrorNames.Git, "git is not installed, or not in the PATH. Install git (2.31 or newer) and try again.", cause);

    static async Task<string> LastOfAsync(StreamReader errors)
    {
        var last = "";
        while (await errors.ReadLineAsync() is { } line)
            if (line.Length > 0) last = line.Length > ErrorCharsMax ? line[..ErrorCharsMax] : line;
        return last;
    }
}
