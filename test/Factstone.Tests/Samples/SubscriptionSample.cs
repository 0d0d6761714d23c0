using System.Text.Json;
using System.Text.Json.Serialization;
using Factstone.Tests.Guide;

namespace Factstone.Tests.Samples.Subscriptions;

/// <summary>Course subscriptions: a decision wider than one stream.</summary>
[Collection<OneAtATime>]
public sealed class SubscriptionSample
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_student_subscribes_to_a_course()
    {
        using var folder = new ScratchFolder();

        await ProgramAsync();

        await using var ledger = await Ledger.OpenReadOnlyAsync("./school", new LedgerOptions { Types = School.Types });
        var facts = await ledger.ReadAsync(FactQuery.Tags("course:c1")).ToListAsync();
        Assert.Equal([new CourseDefined("c1", 30), new StudentSubscribed("c1", "s7")], facts.Select(static fact => fact.Value));
        Assert.Equal(["course:c1", "student:s7"], facts[1].Tags);
    }

    static async Task ProgramAsync()
    {
        await using var ledger = await Ledger.OpenAsync("./school", new LedgerOptions { Types = School.Types });

        await ledger.AppendAsync("courses/c1", [new CourseDefined("c1", Seats: 30)]);
        await School.SubscribeAsync(ledger, student: "s7", course: "c1", CancellationToken.None);
    }

    [Fact]
    public async Task A_course_is_never_overbooked_and_a_second_subscription_is_no_second_seat()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = School.Types }, Cancel);
        await ledger.AppendAsync("courses/c1", [new CourseDefined("c1", Seats: 30)], Cancel);

        var full = 0;
        await Task.WhenAll(Enumerable.Range(0, 100).Select(call => Task.Run(() => SubscribeAsync($"s{call / 2}", "c1"), Cancel)));

        Assert.Equal(30, await ledger.CountAsync(FactQuery.Types("student-subscribed"), cancellationToken: Cancel));
        Assert.Equal(40, full); // 20 students, twice each
        var students = await ledger.ReadAsync(FactQuery.Types("student-subscribed"), cancellationToken: Cancel).Select(static fact => ((StudentSubscribed)fact.Value!).Student).ToListAsync(Cancel);
        Assert.Equal(30, students.Distinct().Count());

        async Task SubscribeAsync(string student, string course)
        {
            try
            {
                await School.SubscribeAsync(ledger, student, course, Cancel);
            }
            catch (InvalidOperationException refused) when (refused.Message == "The course is full.")
            {
                Interlocked.Increment(ref full);
            }
        }
    }

    [Fact]
    public async Task Ten_courses_are_enough_for_a_student()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = School.Types }, Cancel);
        for (var course = 1; course <= 11; course++) await ledger.AppendAsync($"courses/c{course}", [new CourseDefined($"c{course}", Seats: 30)], Cancel);
        for (var course = 1; course <= 10; course++) await School.SubscribeAsync(ledger, "s7", $"c{course}", Cancel);

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => School.SubscribeAsync(ledger, "s7", "c11", Cancel));

        Assert.Equal("Ten courses are enough.", refused.Message);
    }
}

public sealed record CourseDefined(string Course, int Seats);
public sealed record StudentSubscribed(string Course, string Student);

public static class School
{
    public static readonly FactTypes Types = new FactTypes(SchoolJson.Default)
        .Add<CourseDefined>("course-defined", e => [$"course:{e.Course}"])
        .Add<StudentSubscribed>("student-subscribed", e => [$"course:{e.Course}", $"student:{e.Student}"]);

    sealed record Boundary(int Seats, int Taken, int CoursesOfStudent, bool AlreadyIn);

    public static async Task SubscribeAsync(
        ILedger ledger, string student, string course, CancellationToken cancellationToken)
    {
        FactQuery boundary =
        [
            new() { Types = ["course-defined", "student-subscribed"], Tags = [$"course:{course}"] },
            new() { Types = ["student-subscribed"], Tags = [$"student:{student}"] },
        ];

        var projection = new Projection<Boundary>
        {
            Name = "subscription-boundary",
            Seed = new Boundary(0, 0, 0, false),
            Step = (state, fact) => fact.Value switch
            {
                CourseDefined e => state with { Seats = e.Seats },
                StudentSubscribed e => state with
                {
                    Taken = state.Taken + (e.Course == course ? 1 : 0),
                    CoursesOfStudent = state.CoursesOfStudent + (e.Student == student ? 1 : 0),
                    AlreadyIn = state.AlreadyIn || (e.Course == course && e.Student == student),
                },
                _ => state,
            },
        };

        await ledger.DecideAsync(projection, boundary, state => state switch
        {
            { AlreadyIn: true } => [],
            { Taken: var taken, Seats: var seats } when taken >= seats => throw new InvalidOperationException("The course is full."),
            { CoursesOfStudent: >= 10 } => throw new InvalidOperationException("Ten courses are enough."),
            _ => [new NewFact(new StreamName("courses", course), new StudentSubscribed(course, student))],
        }, cancellationToken: cancellationToken);
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(CourseDefined))]
[JsonSerializable(typeof(StudentSubscribed))]
internal sealed partial class SchoolJson : JsonSerializerContext;
