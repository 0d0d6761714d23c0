using System.Reflection;

namespace Factstone.Tests.KeyValues;

/// <summary>A ledger that lets another caller write right before each append.</summary>
public class InterruptedLedger : DispatchProxy
{
    ILedger? _ledger;
    Action? _interrupt;

    /// <summary>A ledger in front of another one.</summary>
    public static ILedger Create(ILedger ledger, Action interrupt)
    {
        var created = Create<ILedger, InterruptedLedger>();
        var interrupted = (InterruptedLedger)created;
        (interrupted._ledger, interrupted._interrupt) = (ledger, interrupt);
        return created;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod!.Name == nameof(ILedger.TryAppendAsync)) _interrupt!();
        return targetMethod.Invoke(_ledger, args);
    }
}
