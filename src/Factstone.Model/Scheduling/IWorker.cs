namespace Factstone;

/// <summary>One worker. Its step is called until it has no work, and again after <see cref="Wake"/>.</summary>
internal interface IWorker
{
    /// <summary>Reports that there may be work. Cheap while the worker is busy.</summary>
    void Wake();

    /// <summary>Whether <see cref="WakeLater"/> does anything.</summary>
    bool WakesLater => false;

    /// <summary>Called by the step itself: calls it again after this time, unless the worker is woken before.</summary>
    void WakeLater(TimeSpan after) { }

    /// <summary>Stops the worker. When it returns, the step is not running and will not run again.</summary>
    void Stop();
}
