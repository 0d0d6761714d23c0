using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Factstone;

/// <summary>The open containers of a text during a check, and the names in each open object so far.</summary>
/// <remarks>
/// Always true: names form a stack, those of an inner object above those of an outer one, so a closed object removes
/// its names from the top. The chains of the hash table begin with the newest name for the same reason.
/// Threads: each thread has its own instance and reuses it for the next text, so that a check does not allocate.
/// </remarks>
internal sealed class JsonContainers
{
    /// <summary>Up to this number a new name is compared with each of the others, which costs less than hashing it.</summary>
    const int ComparedNamesMax = 32;

    /// <summary>How many names a thread keeps room for between texts.</summary>
    const int KeptNamesMax = 1024;

    const int IsArray = -1;

    [ThreadStatic] static JsonContainers? _ofThisThread;

    /// <summary>By depth: the index of the first name of an object, or a mark for an array.</summary>
    readonly int[] _firstNames = new int[JsonCheck.DepthMax + 1];
    int _depth;

    Name[] _names = new Name[64];
    ulong[] _fingerprints = new ulong[64];
    int _nameCount;

    /// <summary>Heads of the chains: index of a name plus one, 0 for none. The length is a power of two.</summary>
    int[] _chains = [];
    int _hashedCount;

    public bool IsEmpty => _depth == 0;

    /// <summary>Whether the innermost container is an object.</summary>
    public bool InObject => _firstNames[_depth] >= 0;

    /// <summary>The instance of this thread, with nothing open.</summary>
    public static JsonContainers OfThisThread()
    {
        var containers = _ofThisThread ??= new JsonContainers();
        containers.Clear();
        return containers;
    }

    /// <summary>Called when a text has been checked, so that a huge text does not leave its memory with the thread.</summary>
    public void ReleaseLargeBuffers()
    {
        if (_names.Length > KeptNamesMax) _ofThisThread = null;
    }

    public bool TryOpenObject() => TryOpen(_nameCount);

    public bool TryOpenArray() => TryOpen(IsArray);

    bool TryOpen(int firstName)
    {
        if (_depth == JsonCheck.DepthMax) return false;
        _firstNames[++_depth] = firstName;
        return true;
    }

    /// <summary>Closes the innermost container and removes its names.</summary>
    public void Close()
    {
        var first = _firstNames[_depth--];
        if (first == IsArray) return;

        if (_nameCount - first > ComparedNamesMax)
        {
            for (var i = _nameCount - 1; i >= first; i--) _chains[ChainOf(_names[i].Hash)] = _names[i].Next;
            _hashedCount -= _nameCount - first;
        }
        _nameCount = first;
    }

    /// <summary>Adds a name to the innermost container, an object; false if the object already has it.</summary>
    public bool TryAddName(ReadOnlySpan<byte> text, int start, int length, bool escaped)
    {
        var first = _firstNames[_depth];
        if (_nameCount - first >= ComparedNamesMax) return TryAddHashed(text, new Name(start, length, escaped), first);

        var raw = text.Slice(start, length);
        var fingerprint = escaped ? FingerprintEscaped(raw) : Fingerprint(raw);
        var known = _fingerprints.AsSpan(first, _nameCount - first);
        for (var i = 0; i < known.Length; i++)
        {
            if (known[i] == fingerprint && _names[first + i].IsSame(text, raw, escaped)) return false;
        }

        if (_nameCount == _names.Length) Grow();
        _fingerprints[_nameCount] = fingerprint;
        _names[_nameCount++].Become(start, length, escaped);
        return true;
    }

    bool TryAddHashed(ReadOnlySpan<byte> text, Name name, int first)
    {
        if (_nameCount - first == ComparedNamesMax)
        {
            for (var i = first; i < _nameCount; i++)
            {
                _names[i].Hash = _names[i].ComputeHash(text);
                AddToChain(i);
            }
        }

        name.Hash = name.ComputeHash(text);
        if (FindHashed(text, in name, first)) return false;

        if (_nameCount == _names.Length) Grow();
        _names[_nameCount] = name;
        AddToChain(_nameCount++);
        return true;
    }

    bool FindHashed(ReadOnlySpan<byte> text, in Name name, int first)
    {
        // Names below the first belong to outer objects, and so do all that follow them in the chain.
        for (var i = _chains[ChainOf(name.Hash)] - 1; i >= first; i = _names[i].Next - 1)
        {
            if (_names[i].Hash == name.Hash && _names[i].IsSame(text, name.Raw(text), name.Escaped)) return true;
        }
        return false;
    }

    void AddToChain(int index)
    {
        if (_hashedCount == _chains.Length)
        {
            _chains = new int[Math.Max(4 * ComparedNamesMax, 2 * _chains.Length)];
            for (var i = 0; i < index; i++)
            {
                if (_names[i].IsHashed) Link(i);
            }
        }
        Link(index);
        _hashedCount++;
    }

    void Link(int index)
    {
        ref var name = ref _names[index];
        ref var chain = ref _chains[ChainOf(name.Hash)];
        name.IsHashed = true;
        name.Next = chain;
        chain = index + 1;
    }

    int ChainOf(int hash) => hash & (_chains.Length - 1);

    void Grow()
    {
        Array.Resize(ref _names, 2 * _names.Length);
        Array.Resize(ref _fingerprints, _names.Length);
    }

    void Clear()
    {
        if (_hashedCount > 0) Array.Clear(_chains);
        _hashedCount = 0;
        _nameCount = 0;
        _depth = 0;
    }

    /// <summary>Equal for equal names. Different names rarely share a value, unless an attacker constructs them; then the names are compared.</summary>
    static ulong Fingerprint(ReadOnlySpan<byte> name)
    {
        ulong head, tail;
        if (name.Length >= sizeof(ulong))
        {
            head = BinaryPrimitives.ReadUInt64LittleEndian(name);
            tail = BinaryPrimitives.ReadUInt64LittleEndian(name[^sizeof(ulong)..]);
        }
        else if (name.Length >= sizeof(uint))
        {
            head = BinaryPrimitives.ReadUInt32LittleEndian(name);
            tail = BinaryPrimitives.ReadUInt32LittleEndian(name[^sizeof(uint)..]);
        }
        else if (name.Length > 0)
        {
            head = (uint)(name[0] | name[^1] << 8);
            tail = name[name.Length / 2];
        }
        else
        {
            return 0;
        }

        const ulong Odd = 0x9E3779B97F4A7C15;
        return (head ^ BitOperations.RotateLeft(tail, 29)) * Odd + (uint)name.Length;
    }

    static ulong FingerprintEscaped(ReadOnlySpan<byte> raw)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(raw.Length);
        var fingerprint = Fingerprint(buffer.AsSpan(0, JsonString.Unescape(raw, buffer)));
        ArrayPool<byte>.Shared.Return(buffer);
        return fingerprint;
    }

    /// <summary>A name of an open object: the place of its raw form in the text, and its place in the hash table if it has one.</summary>
    struct Name(int start, int length, bool escaped)
    {
        int _start = start;
        int _length = length;

        public bool Escaped { readonly get; private set; } = escaped;
        public bool IsHashed;
        public int Hash;

        /// <summary>The next name in its chain: its index plus one, 0 at the end.</summary>
        public int Next;

        /// <summary>Sets the fields in place: to build a new value and copy it would cost more than everything else about a name.</summary>
        public void Become(int start, int length, bool escaped)
        {
            _start = start;
            _length = length;
            Escaped = escaped;
            IsHashed = false;
        }

        public readonly ReadOnlySpan<byte> Raw(ReadOnlySpan<byte> text) => text.Slice(_start, _length);

        public readonly bool IsSame(ReadOnlySpan<byte> text, ReadOnlySpan<byte> raw, bool escaped) =>
            JsonString.AreEqual(Raw(text), Escaped, raw, escaped);

        public readonly int ComputeHash(ReadOnlySpan<byte> text)
        {
            if (!Escaped) return Hashed(Raw(text));

            var buffer = ArrayPool<byte>.Shared.Rent(_length);
            var hash = Hashed(buffer.AsSpan(0, JsonString.Unescape(Raw(text), buffer)));
            ArrayPool<byte>.Shared.Return(buffer);
            return hash;
        }

        /// <summary>string.GetHashCode is keyed by a secret of the process, so an attacker cannot construct names that all collide.</summary>
        static int Hashed(ReadOnlySpan<byte> name)
        {
            var pairs = MemoryMarshal.Cast<byte, char>(name);
            var hash = string.GetHashCode(pairs);
            return 2 * pairs.Length == name.Length ? hash : 31 * hash + name[^1];
        }
    }
}
