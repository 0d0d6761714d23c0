using System.Security.Cryptography;

namespace Factstone;

/// <summary>The SHA-256 of a JSON value in canonical form v1: the same for any two texts that mean the same value.</summary>
/// <remarks>
/// Form v1 is RFC 8785 (JSON Canonicalization Scheme) with one exception: an integer, a number written without fraction and
/// exponent, keeps its digits, so that different integers beyond ±2^53 have different hashes. It is computed on demand and never
/// stored by the ledger, because the hash of an erased value would show whether a guess at the value is right.
/// </remarks>
public static class ValueHash
{
    /// <summary>The name of the canonical form that is hashed.</summary>
    public const string CanonicalForm = "v1";

    /// <summary>The length of a hash in bytes.</summary>
    public const int SizeBytes = SHA256.HashSizeInBytes;

    /// <summary>Hashes the value of a JSON text.</summary>
    /// <param name="utf8Json">One JSON value in UTF-8, of any kind.</param>
    /// <returns>The hash, 32 bytes.</returns>
    /// <exception cref="ArgumentException">
    /// The text is not JSON that the ledger accepts (duplicate names, lone surrogates, a byte order mark and nesting above 128 are refused),
    /// or has a number with fraction or exponent that is too large for a double, such as 1e400. The message says where.
    /// </exception>
    public static byte[] Compute(ReadOnlySpan<byte> utf8Json) => SHA256.HashData(CanonicalJson.Encode(utf8Json));

    /// <summary>Hashes the value of a JSON text, as <see cref="Compute"/> does.</summary>
    /// <param name="utf8Json">One JSON value in UTF-8, of any kind.</param>
    /// <returns>The hash as 64 hex digits in lower case.</returns>
    /// <exception cref="ArgumentException">As for <see cref="Compute"/>.</exception>
    public static string ComputeText(ReadOnlySpan<byte> utf8Json) => Convert.ToHexStringLower(Compute(utf8Json));
}
