namespace Factstone.Tests;

/// <summary>Where a ledger is.</summary>
public sealed class LocationTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // It was "memory", which is also the name of a directory.
    [Fact]
    public async Task A_ledger_in_memory_has_no_location()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        Assert.Equal("", ledger.Location);
    }

    [Fact]
    public async Task A_ledger_on_the_disk_is_at_the_full_path_of_its_directory()
    {
        var directory = Path.Combine(Path.GetTempPath(), $"factstone-location-{Guid.NewGuid():N}");
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, directory);
        Assert.False(Path.IsPathFullyQualified(relative));
        var ledger = await Ledger.OpenAsync(relative, cancellationToken: Cancellation);
        Assert.Equal(directory, ledger.Location);
        await ledger.DisposeAsync();
        Assert.Equal(directory, ledger.Location);

        await using (var reader = await Ledger.OpenReadOnlyAsync(directory, cancellationToken: Cancellation)) Assert.Equal(directory, reader.Location);
        Directory.Delete(directory, recursive: true);
    }
}
