using System.Globalization;
using System.Text;

namespace Factstone.Cli.Bench;

/// <summary>JSON of 200 bytes for each fact, created from a seed before the measurement.</summary>
internal sealed class Payloads
{
    public const int Bytes = 200;

    const int Different = 4_096;

    readonly byte[][] _payloads = new byte[Different][];

    public Payloads(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < Different; i++)
        {
            var start = string.Create(CultureInfo.InvariantCulture, $"{{\"order\":{i},\"customer\":\"c{random.Next(100_000)}\",\"total\":{random.Next(1, 100_000) / 100.0},\"note\":\"");
            var note = string.Concat(Enumerable.Range(0, Bytes - start.Length - 2).Select(_ => (char)random.Next('a', 'z' + 1)));
            _payloads[i] = Encoding.UTF8.GetBytes($"{start}{note}\"}}");
        }
    }

    /// <summary>The payload of the n-th fact. Consecutive facts of any stream have different ones.</summary>
    public byte[] this[long n] => _payloads[(int)((ulong)n * 2_654_435_761 % Different)];
}
