using System.Runtime.CompilerServices;

namespace Factstone.Tests;

/// <summary>The runs of many seeds keep as many threads of the pool at work as the machine has processors. Tests beside them must not wait until the pool adds one.</summary>
static class PoolThreads
{
    const int Min = 32;

    [ModuleInitializer]
    internal static void Add() => ThreadPool.SetMinThreads(Min, Min);
}
