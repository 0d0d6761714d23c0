using Factstone.Cli;
using Factstone.Storage;

// Before anything else is loaded: the runtime keeps two files open for each assembly, and ends the process if it cannot.
if (Descriptors.RefuseTooFew(Descriptors.LimitOfCommands)) return ExitCodes.Failed;
return await EntryPoint.RunAsync(args);
