using System.Text.RegularExpressions;
using CdrEngine.TestKit;

namespace CdrEngine.Api.Tests.Dialects.FonoUc;

/// <summary>The vendor's examples against the answers.</summary>
public sealed class FonoUcConformanceTests
{
    [SharedFact]
    public async Task Answers_HaveTheShapesOfTheExamples()
    {
        IReadOnlyList<JsonElement> examples = VendorText.Read("fonouc-reports.txt").Examples(Clean);
        JsonElement cdrs = examples.First(static example => example.TryGetProperty("data", out _));
        JsonElement recordings = examples.First(static example => example.TryGetProperty("recordings", out JsonElement list) && list[0].TryGetProperty("_attachments", out _));
        await using DialectRig rig = await DialectRig.StartAsync();
        CallRecord call = TestCalls.Full("1001") with
        {
            SipCallId = "1-32626@178.128.227.190",
            Direction = CallDirection.Inbound,
            Caller = new Party { Number = "15614526458", Name = "John Rei", Uri = "sip:15614526458@178.128.227.190" },
            Callee = new Party { Number = "1200", Name = "Joe One", Uri = "sip:16472760390@172.105.23.210:5060" },
        };
        rig.Add(call with { Recording = new RecordingInfo() }, TestCalls.Call(2));
        JsonElement answer = await rig.GetAsync("/api/v2/reports/cdrs?startDate=1652977920&endDate=1952978220220&pageSize=1");
        Shapes.Fits(cdrs.GetProperty("data")[0], answer.GetProperty("data")[0]);
        Shapes.Fits(cdrs.GetProperty("data")[1], answer.GetProperty("data")[1]);

        // The name of the attachment is a key, and nobody is known without a directory.
        foreach (string path in (string[])["/api/v2/reports/recordings?pageSize=1", $"/api/v2/reports/recording/{answer.GetProperty("data")[0].GetProperty("media_recording_id").GetString()}"])
        {
            JsonElement list = await rig.GetAsync(path);
            Assert.Equal(recordings.EnumerateObject().Select(static member => member.Name), list.EnumerateObject().Select(static member => member.Name));
            JsonElement example = recordings.GetProperty("recordings")[0], recording = list.GetProperty("recordings")[0];
            Assert.Equal(example.EnumerateObject().Select(static member => member.Name), recording.EnumerateObject().Select(static member => member.Name));
            foreach (JsonProperty member in example.EnumerateObject())
            {
                if (member.Name == "_attachments")
                {
                    JsonProperty file = Assert.Single(recording.GetProperty("_attachments").EnumerateObject());
                    Assert.Equal(recording.GetProperty("name").GetString(), file.Name);
                    Shapes.Fits(member.Value.EnumerateObject().First().Value, file.Value);
                }
                else
                {
                    Shapes.Fits(member.Value, recording.GetProperty(member.Name), member.Name);
                }
            }
        }
    }

    // The text breaks one example over two tables and closes it in the middle; it is put together again.
    private static string Clean(string text)
    {
        text = Regex.Replace(text, @"\}\]\s*\}</pre>\s*\|\s*\|\s*\|\s*\|\s*\|-+\|-+\|\s*\|\s*\|\s*<pre>", "", RegexOptions.None, TimeSpan.FromSeconds(5));
        return Regex.Replace(text, "<[a-z/]+>", " ", RegexOptions.None, TimeSpan.FromSeconds(5));
    }
}
