using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Factstone;

/// <summary>Asks the processor for bytes that are read a moment later. A help only: it reads nothing.</summary>
internal static class CachePrefetch
{
    /// <summary>Asked for at most; the processor itself goes on where somebody reads from one line to the next.</summary>
    const int BytesMax = 512;

    const int LineBytes = 64;

    public static unsafe void Start(ReadOnlySpan<byte> bytes)
    {
        if (!Sse.IsSupported) return;

        // The collector may move the bytes meanwhile. Then this asks for lines that nobody needs, and cannot fail.
        var first = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(bytes));
        for (var line = 0; line < bytes.Length && line < BytesMax; line += LineBytes) Sse.Prefetch0(first + line);
    }
}
