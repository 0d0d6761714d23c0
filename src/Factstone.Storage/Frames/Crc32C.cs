using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Factstone.Storage;

/// <summary>CRC-32C (Castagnoli, RFC 3720 §12.1), by the processor's instruction if it has one.</summary>
internal static class Crc32C
{
    const uint Start = 0xFFFFFFFF;

    /// <summary>For fewer bytes, joining the lanes costs more than it saves.</summary>
    const int LanedBytesMin = 3 * 6 * sizeof(ulong);

    const int LaneWordsMax = 64;

    /// <summary>
    /// The factor that advances a state by a number of words, less one step of the instruction, which reduces the product to
    /// 32 bits again: x^(64 × words − 33) mod P, bits reversed. To advance by a word is what the instruction does with a
    /// word of zeros.
    /// </summary>
    static readonly uint[] Shifts = MakeShifts();

    public static uint Of(ReadOnlySpan<byte> bytes) => ~Append(Start, bytes);

    /// <summary>The initial state of every checksum of a segment, so that no payload and no recycled disk block is taken for one of its frames.</summary>
    public static uint Seed(ulong nonce) => BitOperations.Crc32C(Start, nonce);

    public static uint Of(uint seed, ReadOnlySpan<byte> bytes) => ~Append(seed, bytes);

    /// <summary>The checksum of some bytes and of those behind them.</summary>
    /// <param name="checksum">Of the first bytes.</param>
    /// <param name="bytes">Those behind.</param>
    public static uint Continue(uint checksum, ReadOnlySpan<byte> bytes) => ~Append(~checksum, bytes);

    public static uint Append(uint state, uint value) => BitOperations.Crc32C(state, value);

    public static uint Append(uint state, ReadOnlySpan<byte> bytes) =>
        bytes.Length >= LanedBytesMin && Pclmulqdq.IsSupported ? AppendInLanes(state, bytes) : AppendOneByOne(state, bytes);

    /// <summary>The instruction has a latency of three steps, and can start one per step. So three thirds of the bytes are processed at once.</summary>
    static uint AppendInLanes(uint state, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= LanedBytesMin)
        {
            var words = Math.Min(bytes.Length / (3 * sizeof(ulong)), LaneWordsMax);
            ref var first = ref MemoryMarshal.GetReference(bytes);
            ref var second = ref Unsafe.Add(ref first, words * sizeof(ulong));
            ref var third = ref Unsafe.Add(ref second, words * sizeof(ulong));
            uint one = state, two = 0, three = 0;
            for (nint at = 0; at < words * sizeof(ulong); at += sizeof(ulong))
            {
                one = BitOperations.Crc32C(one, Unsafe.ReadUnaligned<ulong>(ref Unsafe.AddByteOffset(ref first, at)));
                two = BitOperations.Crc32C(two, Unsafe.ReadUnaligned<ulong>(ref Unsafe.AddByteOffset(ref second, at)));
                three = BitOperations.Crc32C(three, Unsafe.ReadUnaligned<ulong>(ref Unsafe.AddByteOffset(ref third, at)));
            }

            var moved = Pclmulqdq.CarrylessMultiply(Vector128.CreateScalar((ulong)one), Vector128.CreateScalar((ulong)Shifts[2 * words]), 0)
                ^ Pclmulqdq.CarrylessMultiply(Vector128.CreateScalar((ulong)two), Vector128.CreateScalar((ulong)Shifts[words]), 0);
            state = BitOperations.Crc32C(0, moved.ToScalar()) ^ three;
            bytes = bytes[(3 * words * sizeof(ulong))..];
        }

        return AppendOneByOne(state, bytes);
    }

    static uint AppendOneByOne(uint state, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            state = BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        if (bytes.Length >= sizeof(uint))
        {
            state = BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt32LittleEndian(bytes));
            bytes = bytes[sizeof(uint)..];
        }

        if (bytes.Length >= sizeof(ushort))
        {
            state = BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt16LittleEndian(bytes));
            bytes = bytes[sizeof(ushort)..];
        }

        return bytes.IsEmpty ? state : BitOperations.Crc32C(state, bytes[0]);
    }

    static uint[] MakeShifts()
    {
        var shifts = new uint[(2 * LaneWordsMax) + 1];
        shifts[1] = 1;
        for (var words = 2; words < shifts.Length; words++) shifts[words] = BitOperations.Crc32C(shifts[words - 1], 0UL);
        return shifts;
    }
}
