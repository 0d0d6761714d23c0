namespace Factstone.Cli.Growth;

/// <summary>What an application does between two reads, as far as the processor's caches see it: other memory is in them afterwards.</summary>
internal sealed class OtherMemory
{
    /// <summary>Several times the caches that a core has for itself.</summary>
    const int Bytes = 8 * 1_024 * 1_024;

    const int LineBytes = 64;

    readonly byte[] _bytes = new byte[Bytes];

    public void Use()
    {
        for (var at = 0; at < _bytes.Length; at += LineBytes) _bytes[at]++;
    }
}
