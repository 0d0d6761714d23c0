namespace Factstone;

/// <summary>The sync of a group failed, and writing the group again elsewhere failed, too.</summary>
internal sealed class GroupUnknownException(FactstoneException cause) : Exception(cause.Message, cause)
{
    public FactstoneException Cause { get; } = cause;
}
