namespace Factstone;

/// <summary>The facts of a stream between two versions.</summary>
/// <param name="Facts">Their number, without those that are lost for good.</param>
/// <param name="First">The position of the first one; none if there is none.</param>
/// <param name="Last">The position of the last one; none if there is none.</param>
internal readonly record struct VersionExtent(long Facts, Position First, Position Last);
