namespace Factstone.Cli.Bench;

/// <summary>The order of streams: a few get most of the facts. Drawn from a seed before the measurement.</summary>
internal sealed class ZipfStreams
{
    public const int Count = 1_000;
    public const double Exponent = 0.99;

    const int DrawsMax = 1 << 18;

    readonly ushort[] _draws = new ushort[DrawsMax];

    public ZipfStreams(int seed)
    {
        var upTo = new double[Count];
        var sum = 0.0;
        for (var rank = 0; rank < Count; rank++) upTo[rank] = sum += 1 / Math.Pow(rank + 1, Exponent);

        var random = new Random(seed);
        for (var i = 0; i < _draws.Length; i++)
        {
            var found = Array.BinarySearch(upTo, random.NextDouble() * sum);
            _draws[i] = (ushort)Math.Min(found < 0 ? ~found : found, Count - 1);
        }
    }

    /// <summary>The stream of the n-th fact, from 0 to <see cref="Count"/> − 1.</summary>
    public int this[long n] => _draws[(int)(n & (DrawsMax - 1))];
}
