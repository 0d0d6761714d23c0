namespace Factstone;

/// <summary>The sync of a group failed, and so did writing it again elsewhere.</summary>
internal sealed class GroupUnknownException(FactstoneException cause) : Exception(cause.Message, cause)
{
    public FactstoneException Cause { get; } = cause;
}
