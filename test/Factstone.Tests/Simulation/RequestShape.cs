namespace Factstone.Tests.Simulation;

/// <summary>What is unusual about the appends of a seed.</summary>
internal enum RequestShape
{
    Usual = 1,

    /// <summary>Nearly all facts belong to two streams, so that the position lists of a run are longer than a block.</summary>
    FewStreams,

    /// <summary>Some appends have hundreds of tags, so that the dictionary of a run has many blocks.</summary>
    ManyTerms,

    /// <summary>One append exceeds 8 MiB, more than the buffer that the writer keeps.</summary>
    Large,
}
