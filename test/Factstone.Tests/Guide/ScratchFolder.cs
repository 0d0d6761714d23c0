namespace Factstone.Tests.Guide;

/// <summary>A new folder that is the working directory of the process, for programs that open "./data".</summary>
/// <remarks>The working directory belongs to the whole process: only for tests of the collection <see cref="OneAtATime"/>.</remarks>
internal sealed class ScratchFolder : IDisposable
{
    readonly string _before = Environment.CurrentDirectory;

    public ScratchFolder() => Environment.CurrentDirectory = Path;

    public string Path { get; } = Directory.CreateTempSubdirectory("factstone-guide-").FullName;

    public void Dispose()
    {
        Environment.CurrentDirectory = _before;
        Directory.Delete(Path, recursive: true);
    }
}
