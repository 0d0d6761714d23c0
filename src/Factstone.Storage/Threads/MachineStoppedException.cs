namespace Factstone.Storage;

/// <summary>The machine or the process is gone, and nobody is left to handle anything. Only a simulated one can say so.</summary>
internal abstract class MachineStoppedException(string message) : Exception(message);
