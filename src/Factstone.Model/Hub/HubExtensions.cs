namespace Factstone;

/// <summary>Opens hubs.</summary>
public static class HubExtensions
{
    /// <summary>A hub: callbacks in this process for the facts that are published through it. Any number of hubs may be open on one ledger; they know nothing of each other.</summary>
    /// <param name="ledger">The ledger.</param>
    /// <param name="failed">Called for each callback that throws or takes too long, and for each fact that a subscriber does not get. On any thread, several at a time. The hub waits for it as long as for a callback. What it throws is ignored.</param>
    /// <param name="options">The limits; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option is refused; the message names it.</exception>
    public static LedgerHub OpenHub(this ILedger ledger, Action<HubFailure> failed, HubOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        ArgumentNullException.ThrowIfNull(failed);
        options ??= new HubOptions();
        options.ThrowIfWrong(nameof(options));
        return new LedgerHub(ledger, failed, options);
    }
}
