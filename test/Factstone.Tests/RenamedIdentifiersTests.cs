using System.Reflection;
using System.Runtime.CompilerServices;
using Xunit;

namespace Factstone;

/// <summary>Names that were replaced by terms of the field are not used again. docs/glossary.md lists the project's own words.</summary>
public sealed class RenamedIdentifiersTests
{
    static readonly string[] Renamed =
    [
        "AddPlace", "AddPlaces", "AskInside", "AskTheServer", "Asked", "AskedMax", "BeginAppend", "CellPlace", "CheckAnew", "ComparePlaces", "CopyPlaces", "Crank", "EnterToStay", "Expect",
        "ExpectTime", "FactPlace", "FactShowing", "FindReach", "FollowerLook", "GiveBackIfGone", "GiveBackSpace", "GiveBackZeros", "GivenBesideExported", "GoOn", "HasDigitsBehindPoint",
        "HasMissedCells", "HasQuietWork", "HeaderBehind", "ICrank", "IStreamPlaces", "IndexMending", "InlineCrank", "IsBehindValue", "IsBesideGap", "IsEndLost", "KeepFound",
        "LastBehindGap", "LastPlace", "LastPlaceIn", "LastPlaceInBlocks", "LetGo", "LetGoOfLargeBuffers", "LetGoOfMapping", "LogPlace", "LogPlaceFormat", "LogReach", "LogWriter",
        "LongestBehind", "Look", "LookedBehind", "LooksPerHalving", "LoseEnd", "ManifestBehind", "ManualCrank", "MemoryFiller", "Mend", "Miss", "MissBehind", "MissBehindGap",
        "MissLastSegment", "MissSegmentsBefore", "MissUntil", "Missed", "MissedBefore", "MissedCells", "NextWhenQuiet", "NoVisitor", "Place", "PlaceAt", "PlaceBetween", "PlaceBytes",
        "PlaceOf", "Places", "PlacesCursor", "PlacesPerBlock", "PlacesPerStep", "PlacesShownMax", "PositionsPerLook", "QuietBeforeMerging", "QuietMerging", "QuietStep", "Reach",
        "ReadPlace", "RefuseLostEnd", "RunMended", "RunPlaces", "RunsMergedInQuiet", "Said", "SaysTheSameAs", "SpaceAhead", "SpaceEnd", "StayMapped", "StreamPlace", "TakeBack", "Tell",
        "TermPlace", "ThreadCrank", "Took", "TryMend", "WriteElsewhere", "WritePlace", "WritePlaces", "ZeroAheadBytesMax", "ZeroAheadBytesMin", "_crank", "_hasMissedCells",
        "_isMergeForQuiet", "_looking", "_mending", "_missed", "_places", "_placesLength", "_reach", "_spaceEnd",
    ];

    static readonly string[] Assemblies = ["Factstone.Model", "Factstone.Storage", "Factstone"];

    [Fact]
    public void No_renamed_identifier_is_declared_again()
    {
        var declared = Assemblies.SelectMany(static name => Assembly.Load(name).GetTypes()).Where(static type => !IsGenerated(type)).SelectMany(Declared).ToList();

        Assert.True(declared.Count > 3_000);
        Assert.Empty(declared.Where(static one => Renamed.Contains(one.Name)).Select(static one => $"{one.Type.Name}.{one.Name}"));
    }

    static IEnumerable<(Type Type, string Name)> Declared(Type type) =>
        type.GetMembers(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .Where(static member => !IsGenerated(member)).Select(static member => member.Name).Append(type.Name).Select(name => (type, name));

    static bool IsGenerated(MemberInfo member) => member.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) || member.Name.Contains('<', StringComparison.Ordinal);
}
