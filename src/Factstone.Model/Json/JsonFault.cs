namespace Factstone;

/// <summary>Why a text is not the JSON that the ledger takes. The rules are those of RFC 8259 and stricter ones, given below.</summary>
internal enum JsonFault
{
    None = 0,
    NotUtf8,
    ByteOrderMark,
    Syntax,

    /// <summary>Two names of one object are the same after unescaping: readers disagree on which value counts.</summary>
    DuplicateName,

    /// <summary>An escape names half of a surrogate pair: there is no UTF-8 for it.</summary>
    LoneSurrogate,
    TooDeep,

    /// <summary>Nothing but white space.</summary>
    Empty,

    /// <summary>Only where an object is asked for: metadata and producer.</summary>
    NotAnObject,

    /// <summary>Only where all values must be strings: metadata.</summary>
    ValueNotText,
}

/// <summary>What a text must be besides JSON.</summary>
internal enum JsonShape
{
    Any,
    Object,
    ObjectOfText,
}
