using System.Diagnostics;
using System.Runtime.InteropServices;
using Factstone.Child;

namespace Factstone.Tests.Processes;

/// <summary>The running child program: its output so far, and signals to it. It is killed at the latest on disposal.</summary>
internal sealed class ChildProcess : IDisposable
{
    const int Stop = 19;
    const int Continue = 18;

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    readonly Process _process;
    readonly Thread _reader;
    readonly List<string> _lines = [];
    readonly List<(long First, long Last, Load Load)> _acknowledged = [];
    string _errors = "";
    bool _hasEnded;

    public ChildProcess(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Factstone.Child.dll"));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["DOTNET_TieredPGO"] = "0";
        _process = Process.Start(start)!;
        _process.ErrorDataReceived += (_, line) => _errors += line.Data;
        _process.BeginErrorReadLine();
        _reader = new Thread(Read) { IsBackground = true };
        _reader.Start();
    }

    /// <summary>The appends that the child has reported as acknowledged, in the output read so far.</summary>
    public IReadOnlyList<(long First, long Last, Load Load)> Acknowledged
    {
        get
        {
            lock (_lines) return [.. _acknowledged];
        }
    }

    /// <summary>The output read so far. The last line may be cut short by a kill.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines) return [.. _lines];
        }
    }

    public long LastAcknowledged
    {
        get
        {
            lock (_lines) return _acknowledged.Count == 0 ? 0 : _acknowledged.Max(one => one.Last);
        }
    }

    /// <summary>Returns when the child has printed a matching line.</summary>
    public void WaitFor(Func<string, bool> isIt)
    {
        var deadline = Stopwatch.StartNew();
        lock (_lines)
        {
            for (var seen = 0; ;)
            {
                for (; seen < _lines.Count; seen++)
                    if (isIt(_lines[seen])) return;
                Assert.False(_hasEnded, $"The child ended: {_errors}");
                Assert.True(deadline.Elapsed < Patience, $"The child printed no such line in {Patience.TotalSeconds} s. {_errors}");
                Monitor.Wait(_lines, 50);
            }
        }
    }

    public void WaitForAppends(int count)
    {
        var left = count;
        WaitFor(line => line.StartsWith("ack ", StringComparison.Ordinal) && --left == 0);
    }

    /// <summary>Returns when the child has ended by itself; its last line reports that.</summary>
    public void WaitForEnd(string lastLine)
    {
        WaitFor(line => line == lastLine);
        _reader.Join();
        _process.WaitForExit();
    }

    /// <summary>Suspends the child at any point. Returns when all its threads are stopped.</summary>
    public void Suspend()
    {
        Signal(Stop);
        var deadline = Stopwatch.StartNew();
        while (Directory.EnumerateDirectories($"/proc/{_process.Id}/task").Any(IsRunning))
        {
            Assert.True(deadline.Elapsed < Patience, "The child does not stop.");
            Thread.Yield();
        }
    }

    /// <summary>Sends the stop signal and returns at once, so a sync may still be in progress.</summary>
    public void SuspendAtOnce() => Signal(Stop);

    public void Resume() => Signal(Continue);

    /// <summary>Sends kill -9 to its process id. Returns when it has exited and all its output has been read.</summary>
    public void Kill()
    {
        if (_hasEnded && _process.HasExited) return;
        _process.Kill();
        _process.WaitForExit();
        _reader.Join();
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }

    void Read()
    {
        while (_process.StandardOutput.ReadLine() is { } line)
        {
            lock (_lines)
            {
                _lines.Add(line);
                if (Load.ReadLine(line) is { } acknowledged) _acknowledged.Add(acknowledged);
                Monitor.PulseAll(_lines);
            }
        }

        lock (_lines)
        {
            _hasEnded = true;
            Monitor.PulseAll(_lines);
        }
    }

    void Signal(int signal) => Assert.Equal(0, Kill(_process.Id, signal));

    static bool IsRunning(string task)
    {
        try
        {
            // "id (name) state ...": T is stopped. A thread that waits for the disk is in state D, and stops when the wait ends.
            var stat = File.ReadAllText(Path.Combine(task, "stat"));
            return stat[(stat.LastIndexOf(')') + 2)] is not 'T' and not 't';
        }
        catch (IOException)
        {
            return false; // ended between two looks
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int Kill(int processId, int signal);
}
