using Factstone.Storage;

namespace Factstone.Testing;

/// <summary>The machine that made this call has no power, or its process was killed. Nothing that it does has an effect any more.</summary>
/// <remarks>It is not an error of the disk, so it does not derive from <see cref="FactstoneException"/>: only the test may handle it.</remarks>
internal sealed class PowerLostException(string why) : MachineStoppedException($"{why}: nothing that ran before reaches the disk any more.");
