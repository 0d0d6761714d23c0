namespace Factstone.Tests.Simulation;

/// <summary>What the appends of a seed are like, beyond the usual.</summary>
internal enum RequestShape
{
    Usual = 1,

    /// <summary>Nearly all facts are of two streams, so that the lists of a run are longer than a block.</summary>
    FewStreams,

    /// <summary>Some appends bring hundreds of tags, so that the dictionary of a run has many blocks.</summary>
    ManyTerms,

    /// <summary>One append takes more than 8 MiB, which is beyond the buffer that the writer keeps.</summary>
    Large,
}
