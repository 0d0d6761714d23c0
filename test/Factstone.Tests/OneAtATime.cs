using Xunit;

namespace Factstone.Tests;

/// <summary>Tests during which no other test of this assembly runs.</summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class OneAtATime;
