using System.Globalization;

namespace Factstone.Tests.Processes;

/// <summary>A receiver of webhooks that is killed again and again, and a sender that delivers until each event is answered, and some of them more often.</summary>
public sealed class WebhookTests(ITestOutputHelper output)
{
    const int Events = 2_000;
    const int Deliveries = 10_000;
    const int Kills = 10;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_event_is_one_fact_and_each_delivery_gets_the_first_receipt()
    {
        var random = Rounds.Seeded(out _);
        var directory = Directory.CreateTempSubdirectory("factstone-webhooks-");
        try
        {
            var ledger = $"{directory.FullName}/ledger";
            var waiting = Drawn(random);
            var answers = new List<Answer>();
            for (var kill = 0; kill < Kills; kill++)
            {
                var answered = await DeliverAsync(ledger, directory.FullName, waiting, killAfter: random.Next(waiting.Length / (Kills + 2 - kill)) + 1);
                answers.AddRange(answered);

                // What was not answered is delivered again, in another order.
                var done = answered.Select(static answer => answer.Delivery).ToHashSet();
                waiting = [.. waiting.Where(delivery => !done.Contains(delivery.Number))];
                random.Shuffle(waiting);
            }

            Assert.NotEmpty(waiting);
            answers.AddRange(await DeliverAsync(ledger, directory.FullName, waiting, killAfter: null));
            await CheckAsync(ledger, answers);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    async Task CheckAsync(string directory, List<Answer> answers)
    {
        await using var ledger = await Ledger.OpenAsync(directory, cancellationToken: Cancellation);
        Assert.Equal(Enumerable.Range(0, Deliveries), answers.Select(static answer => answer.Delivery).Order());
        Assert.Equal(Events, await ledger.CountAsync(FactQuery.All, cancellationToken: Cancellation));
        foreach (var answered in answers.GroupBy(static answer => answer.Event))
        {
            var position = Assert.Single(answered.Select(static answer => answer.Position).Distinct());
            Assert.Equal(position, (await ledger.FindAppendAsync($"shop:{answered.Key}", Cancellation))!.LastPosition.Value);
            Assert.Contains($"\"event\":{answered.Key},", (await ledger.ReadAtAsync(new Position(position), Cancellation))!.Json, StringComparison.Ordinal);
            Assert.InRange(answered.Count(static answer => answer.IsCommitted), 0, 1); // a killed process may not have told it
        }

        output.WriteLine($"{answers.Count:N0} deliveries of {Events:N0} events, {Kills} kills, {answers.Count(static answer => !answer.IsCommitted):N0} repeats");
    }

    /// <summary>Starts the receiver and gives it the deliveries. Returns what it answered before it was killed.</summary>
    static async Task<List<Answer>> DeliverAsync(string ledger, string directory, (int Number, int Event)[] deliveries, int? killAfter)
    {
        var file = Path.Combine(directory, "deliveries");
        await File.WriteAllLinesAsync(file, deliveries.Select(static delivery => $"{delivery.Number} {delivery.Event}"), Cancellation);
        using var child = new ChildProcess("webhooks", ledger, file);
        if (killAfter is not { } count)
        {
            child.WaitForEnd("done");
        }
        else
        {
            var left = count;
            child.WaitFor(line => line.StartsWith("handled ", StringComparison.Ordinal) && --left == 0);
            child.Kill();
        }

        // A line that the kill cut short does not end with a full stop.
        return [.. child.Lines.Where(static line => line.StartsWith("handled ", StringComparison.Ordinal) && line.EndsWith(" .", StringComparison.Ordinal)).Select(Answer.Read)];
    }

    /// <summary>Each event at least once, in random order.</summary>
    static (int Number, int Event)[] Drawn(Random random)
    {
        int[] events = [.. Enumerable.Range(0, Events), .. Enumerable.Range(0, Deliveries - Events).Select(_ => random.Next(Events))];
        random.Shuffle(events);
        return [.. events.Select(static (name, number) => (number, name))];
    }

    sealed record Answer(int Delivery, int Event, long Position, bool IsCommitted)
    {
        public static Answer Read(string line)
        {
            var words = line.Split(' ');
            return new Answer(int.Parse(words[1], CultureInfo.InvariantCulture), int.Parse(words[2], CultureInfo.InvariantCulture), long.Parse(words[3], CultureInfo.InvariantCulture), words[4] == "committed");
        }
    }
}
