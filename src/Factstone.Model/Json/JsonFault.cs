namespace Factstone;

/// <summary>Why the ledger does not accept a text as JSON. The rules are those of RFC 8259 and the stricter ones below.</summary>
internal enum JsonFault
{
    None = 0,
    NotUtf8,
    ByteOrderMark,
    Syntax,

    /// <summary>Two names of one object are equal after unescaping: readers disagree on which value counts.</summary>
    DuplicateName,

    /// <summary>An escape gives half of a surrogate pair, which has no UTF-8 form.</summary>
    LoneSurrogate,
    TooDeep,

    /// <summary>Nothing but white space.</summary>
    Empty,

    /// <summary>Only if an object is required: metadata and producer.</summary>
    NotAnObject,

    /// <summary>Only if all values must be strings: metadata.</summary>
    ValueNotText,
}

/// <summary>What a text must be, in addition to being JSON.</summary>
internal enum JsonShape
{
    Any,
    Object,
    ObjectOfText,
}
