using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Factstone;

/// <summary>Asks the processor to load bytes that are read soon. It is only a hint and reads nothing itself.</summary>
internal static class CachePrefetch
{
    /// <summary>At most this much is requested; the processor itself continues with the following lines.</summary>
    const int BytesMax = 512;

    const int LineBytes = 64;

    public static unsafe void Start(ReadOnlySpan<byte> bytes)
    {
        if (!Sse.IsSupported) return;

        // The collector may move the bytes meanwhile. Then unneeded lines are requested, which cannot fail.
        var first = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(bytes));
        for (var line = 0; line < bytes.Length && line < BytesMax; line += LineBytes) Sse.Prefetch0(first + line);
    }
}
