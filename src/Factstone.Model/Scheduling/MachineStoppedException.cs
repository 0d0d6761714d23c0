namespace Factstone;

/// <summary>The machine or the process has stopped, so no code may handle this. Only a simulation throws it.</summary>
internal abstract class MachineStoppedException(string message) : Exception(message);
