using Factstone.Storage;

namespace Factstone.Testing;

/// <summary>The machine that made this call is without power, or its process was killed. Nothing it does has any effect any more.</summary>
/// <remarks>Not an error of the disk, so nothing derived from <see cref="FactstoneException"/>: no code may handle it but the test.</remarks>
internal sealed class PowerLostException(string why) : MachineStoppedException($"{why}: nothing that ran before reaches the disk any more.");
