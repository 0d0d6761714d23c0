namespace Factstone.Storage;

/// <summary>The last durable position of an open ledger and its time, and those who wait for it to move.</summary>
/// <remarks>Always true: a reader sees the position and the time of one append. Threads: any number read; one at a time sets.</remarks>
internal sealed class CurrentHead(IScheduler scheduler)
{
    Box _box = new(default);

    public StorageHead Value => Volatile.Read(ref _box).Head;

    public HeadWatch Watch { get; } = new(scheduler);

    public void Set(StorageHead head)
    {
        Volatile.Write(ref _box, new Box(head));
        Watch.Moved();
    }

    sealed class Box(StorageHead head)
    {
        public StorageHead Head { get; } = head;
    }
}
