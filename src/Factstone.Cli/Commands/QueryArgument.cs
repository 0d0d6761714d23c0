using System.CommandLine;

namespace Factstone.Cli.Commands;

/// <summary><c>QUERY</c>: selects facts; see docs/cli.md, "Queries".</summary>
internal sealed class QueryArgument : Argument<string?>
{
    public QueryArgument() : base("QUERY")
    {
        Arity = ArgumentArity.ZeroOrOne;
        Description = "Which facts, such as 'store=orders type=placed,paid | tag=vip'; terms store= key= prefix= type= tag=. [default: all]";
    }

    public FactQuery Value(ParseResult parsed)
    {
        if (parsed.GetValue(this) is not { } text) return FactQuery.All;
        return FactQuery.TryParse(text, out var query, out var error) ? query : throw CliException.Usage($"'{text}' is not a query: {error}");
    }
}
