namespace Factstone.Cli.Growth;

/// <summary>The work of an application between two reads, as far as the processor's caches are concerned: they contain other memory afterwards.</summary>
internal sealed class OtherMemory
{
    /// <summary>Several times the size of the caches of one core.</summary>
    const int Bytes = 8 * 1_024 * 1_024;

    const int LineBytes = 64;

    readonly byte[] _bytes = new byte[Bytes];

    public void Use()
    {
        for (var at = 0; at < _bytes.Length; at += LineBytes) _bytes[at]++;
    }
}
