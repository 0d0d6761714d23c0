namespace Factstone;

/// <summary>The last durable position and the time of its append.</summary>
internal readonly record struct StorageHead(Position Position, long RecordedAt);
