using System.Security.Cryptography;

namespace Factstone;

/// <summary>The source of the random salts of facts: the system, or the seed of a simulation.</summary>
internal abstract class SaltSource
{
    public static readonly SaltSource System = new SystemSalts();

    public abstract void Fill(Span<byte> salt);

    sealed class SystemSalts : SaltSource
    {
        // One call of the system's generator costs more than a small append. So each thread draws a block at a time,
        // and wipes the bytes that it returns.
        const int BlockBytes = 4_096;

        [ThreadStatic] static byte[]? _block;
        [ThreadStatic] static int _used;

        public override void Fill(Span<byte> salt)
        {
            var block = _block ??= new byte[BlockBytes];
            if (_used == 0 || _used + salt.Length > BlockBytes)
            {
                RandomNumberGenerator.Fill(block);
                _used = 0;
            }

            var drawn = block.AsSpan(_used, salt.Length);
            drawn.CopyTo(salt);
            drawn.Clear();
            _used += salt.Length;
        }
    }
}

/// <summary>Salts that follow from a seed, so that a simulation writes the same bytes each time.</summary>
internal sealed class SeededSalts(Random random) : SaltSource
{
    public override void Fill(Span<byte> salt) => random.NextBytes(salt);
}
