namespace Factstone;

/// <summary>How large each part of a fact and of an append may be. Bytes are bytes of UTF-8.</summary>
public static class FactLimits
{
    /// <summary>Bytes of a store's name; at least 1, without <c>/</c>, not <c>.</c> or <c>..</c>, and not starting with <c>$</c>, which is reserved.</summary>
    public const int StoreBytesMax = 128;

    /// <summary>Bytes of a key; it may be empty.</summary>
    public const int KeyBytesMax = 1_024;

    /// <summary>Bytes of a fact's type; at least 1 if there is one.</summary>
    public const int TypeBytesMax = 256;

    /// <summary>Tags of a fact.</summary>
    public const int TagsMax = 64;

    /// <summary>Bytes of one tag; at least 1.</summary>
    public const int TagBytesMax = 256;

    /// <summary>Bytes of a correlation.</summary>
    public const int CorrelationBytesMax = 128;

    /// <summary>Bytes of a content type.</summary>
    public const int ContentTypeBytesMax = 128;

    /// <summary>Bytes of a producer, in RFC 8785 form.</summary>
    public const int ProducerBytesMax = 4 * 1_024;

    /// <summary>Bytes of a fact's metadata.</summary>
    public const int MetadataBytesMax = 16 * 1_024;

    /// <summary>Bytes of a fact's payload. Keep larger content in a blob.</summary>
    public const int PayloadBytesMax = 4 * 1_024 * 1_024;

    /// <summary>Bytes of the name of the rule that derived a fact.</summary>
    public const int RuleBytesMax = 256;

    /// <summary>Source facts that a derivation can name one by one.</summary>
    public const int DerivationSourcesMax = 1_024;

    /// <summary>Bytes of a fact's header.</summary>
    public const int HeaderBytesMax = 65_503;

    /// <summary>Bytes of an append id; at least 1.</summary>
    public const int AppendIdBytesMax = 128;

    /// <summary>Facts of one append.</summary>
    public const int FactsPerAppendMax = 10_000;

    /// <summary>Conditions of one append.</summary>
    public const int ConditionsPerAppendMax = 10_000;

    /// <summary>Items of one query; at least 1.</summary>
    public const int ItemsPerQueryMax = 1_000;

    /// <summary>Types that one item of a query names.</summary>
    public const int TypesPerQueryItemMax = 100;

    /// <summary>Tags that one item of a query names.</summary>
    public const int TagsPerQueryItemMax = TagsMax;

    /// <summary>Types and tags that all items of a query name together.</summary>
    public const int NamesPerQueryMax = 10_000;

    /// <summary>Stores, types and tags that the queries of all conditions of one append name together.</summary>
    public const int QueryNamesPerAppendMax = 10_000;

    /// <summary>Bytes of a bucket's name; at least 1, without <c>/</c>, not <c>.</c> or <c>..</c>, and not starting with <c>$</c>, which is reserved.</summary>
    public const int BucketBytesMax = 128;

    /// <summary>Bytes of a cell's name; it may be empty.</summary>
    public const int CellNameBytesMax = 1_024;

    /// <summary>Bytes of a cell's value; it may be empty.</summary>
    public const int CellValueBytesMax = 4 * 1_024 * 1_024;

    /// <summary>Cells of one append.</summary>
    public const int CellsPerAppendMax = 10_000;

    /// <summary>Bytes of a consumer's name; at least 1.</summary>
    public const int ConsumerNameBytesMax = 128;

    /// <summary>Bytes of the text of a consumer's query, which is stored with each checkpoint.</summary>
    public const int ConsumerQueryBytesMax = 64 * 1_024;

    /// <summary>Bytes of the mime type of a reference to a blob; at least 3.</summary>
    public const int BlobMimeBytesMax = 255;

    /// <summary>Bytes of one append as encoded.</summary>
    public const int AppendBytesMax = 32 * 1_024 * 1_024;

    /// <summary>Facts that a conflict returns at most.</summary>
    public const int ConflictFactsMax = 256;

    /// <summary>Bytes of header, payload and metadata of the facts that a conflict returns at most.</summary>
    public const int ConflictBytesMax = 1_024 * 1_024;
}
