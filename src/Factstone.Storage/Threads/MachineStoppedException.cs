namespace Factstone.Storage;

/// <summary>The machine or the process has stopped, so no code can handle this. Only a simulated one throws it.</summary>
internal abstract class MachineStoppedException(string message) : Exception(message);
