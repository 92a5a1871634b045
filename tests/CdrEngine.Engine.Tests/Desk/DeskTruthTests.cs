using System.Text.Json;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Registrations;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Engine.Tests.Truth;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Desk;

/// <summary>The desk against the lab's captures of real SIP programs and the captures of others.</summary>
public sealed class DeskTruthTests
{
    [SharedTheory]
    [MemberData(nameof(LabTruthTests.Scenarios), MemberType = typeof(LabTruthTests))]
    public void Scenario_Imported_GivesTheRegistrationsAndMessagesOfTheTruth(string scenario)
    {
        JsonElement truth = Lab().GetProperty(scenario);
        using DeskRun run = DeskRun.OfFile(Capture(scenario));
        Assert.Empty(run.Events);
        Assert.Equal(0, run["desk.failures"]);
        if (scenario is "20-tls" or "33-tls13") return;
        JsonElement[] tries = [.. truth.Items("registrations")];

        // 1. Each 2xx of the truth is one of ours: new, refreshed, moved or removed.
        int accepted = tries.Count(static one => one.GetProperty("status").GetInt32() == 200);
        Assert.Equal(accepted, run.History.Values.Where(static happened => happened.Kind is not (RegistrationEventKind.Failed or RegistrationEventKind.Expired)).Sum(static happened => happened.Count));

        // 2. Challenges that were answered are no failures.
        int refused = tries.Count(static one => one.GetProperty("status").GetInt32() is not 200 && one.GetProperty("digest").GetBoolean());
        Assert.Equal(refused, run.History.Values.Where(static happened => happened.Kind == RegistrationEventKind.Failed).Sum(static happened => happened.Count));

        // 3. Who is bound at the end, and who is not.
        foreach (IGrouping<string, JsonElement> aor in tries.Where(static one => one.GetProperty("status").GetInt32() == 200).GroupBy(static one => one.GetProperty("aor").GetString()!))
        {
            RegistrationState expected = aor.Last().GetProperty("expires").GetString() == "0" ? RegistrationState.Removed : RegistrationState.Registered;
            RegistrationRecord found = run.Registrations.Values.Where(stored => stored.Record.Aor == aor.Key).MaxBy(static stored => stored.Record.LastSuccessAt)!.Record;
            Assert.Equal((aor.Key, expected), (found.Aor, found.State));
        }

        // 4. Messages, and notifications about them.
        JsonElement[] messages = [.. truth.Items("messages")];
        string[] texts = [.. messages.Where(static one => one.GetProperty("text").ValueKind == JsonValueKind.String).Select(Told)];
        Assert.Equal(texts, run.Messages.Values.Select(static message => Told(message.Record)));
        Assert.Equal(messages.Length - texts.Length, run.Messages.Values.Sum(static message => message.Record.Notifications.Count));
    }

    [SharedFact]
    public void Captures_Imported_GiveTheRegistrationsOfTheTruth()
    {
        var wrong = new List<string>();
        foreach (JsonProperty file in Captures().GetProperty("files").EnumerateObject())
        {
            string path = SharedFolder.Path("captures", file.Name);
            if (!File.Exists(path)) continue;
            using DeskRun run = DeskRun.OfFile(path);
            if (run["desk.failures"] != 0) wrong.Add($"{file.Name}: the desk failed");
            if (file.Value.Integer("registers_ok") is not { } ok) continue;
            long accepted = run.Peers.Values.Where(static peer => peer.Method == "REGISTER").Sum(static peer => peer.ByClass[0]);
            long told = run.History.Values.Where(static happened => happened.SipStatus is >= 200 and < 300).Sum(static happened => happened.Count);
            if (accepted != ok || told != ok) wrong.Add($"{file.Name}: {accepted} accepted, {told} told, {ok} in truth");
        }

        Assert.Equal("", string.Join('\n', wrong));
    }

    private static string Told(JsonElement truth) =>
        $"{truth.GetProperty("sender").GetString()} > {truth.GetProperty("to").GetString()}: {truth.GetProperty("text").GetString()!.Trim('"')} {truth.GetProperty("status").GetInt32()}";

    private static string Told(MessageRecord message) => $"{message.From.Uri} > {message.To.Uri}: {message.Text?.Trim('"')} {message.SipStatus}";

    private static string Capture(string scenario) => SharedFolder.Path("lab", "captures", scenario + ".pcap");

    private static JsonElement Lab() => JsonDocument.Parse(File.ReadAllBytes(SharedFolder.Path("lab", "truth.json"))).RootElement;

    private static JsonElement Captures() => JsonDocument.Parse(File.ReadAllBytes(SharedFolder.Path("captures", "truth.json"))).RootElement;
}
