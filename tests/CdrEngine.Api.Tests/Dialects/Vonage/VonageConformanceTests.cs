using CdrEngine.Api.Dialects.Common;
using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Registrations;
using CdrEngine.TestKit;

namespace CdrEngine.Api.Tests.Dialects.Vonage;

/// <summary>The examples of the vendor's text against the answers, in the order they stand there.</summary>
public sealed class VonageConformanceTests
{
    private const string TextName = "vonage-business-telephony.txt";

    [SharedFact]
    public async Task EveryExample_HasTheShapeOfTheAnswer()
    {
        IReadOnlyList<JsonElement> examples = VendorText.Read(TextName).Examples();
        var control = new FakeControl();
        await using DialectRig rig = await DialectRig.StartAsync(control: control);
        CallRecord call = TestCalls.Call(0) with { Direction = CallDirection.Inbound, Dialled = "1234567890", Caller = new Party { Number = "1235551111" }, Callee = new Party { Number = "1234567890" } };
        rig.Add(call, TestCalls.Call(1, "b"));
        rig.Live.Calls.Add(new LiveCall { Record = call with { Id = TestCalls.Call(9, "c").Id, EndedAt = null, Disposition = Disposition.InProgress, State = CallState.Answered }, State = LiveState.Answered, Now = TestCalls.Start });
        AddDevices(rig);
        string id = CallUuid.Of(call.Id).ToString(), live = CallUuid.Of(rig.Live.Calls[0].Record.Id).ToString(), leg = CallUuid.Of(rig.Live.Calls[0].Record.Id, 1).ToString();
        const string Root = "/cc/accounts/1234/calls", Devices = "/registration/accounts/1234/devices";

        async Task<JsonElement> SendAsync(HttpMethod method, string path, JsonElement? body = null)
        {
            using var request = new HttpRequestMessage(method, path);
            if (body is { } json) request.Content = new StringContent(json.GetRawText(), Encoding.UTF8, "application/json");
            return await DialectRig.JsonAsync(await rig.Admin.SendAsync(request));
        }

        // The text shows each request twice. No answer to the first of them is shown.
        Assert.Equal(15, examples.Count);
        Shapes.Fits(examples[0], await SendAsync(HttpMethod.Get, $"{Root}?page_size=1"));
        Assert.Equal(examples[1].GetRawText(), examples[2].GetRawText());
        await SendAsync(HttpMethod.Post, Root, examples[1]);
        Shapes.Fits(examples[3], await SendAsync(HttpMethod.Get, $"{Root}/{id}"));
        Shapes.Fits(examples[6], await SendAsync(HttpMethod.Patch, $"{Root}/{live}", examples[4]));
        Shapes.Fits(examples[7], await SendAsync(HttpMethod.Delete, $"{Root}/{live}"));
        Shapes.Fits(examples[8], await SendAsync(HttpMethod.Get, $"{Root}/{id}/legs"));
        Shapes.Fits(examples[9], await SendAsync(HttpMethod.Get, $"{Root}/{id}/legs/{CallUuid.Of(call.Id, 1)}"));
        Shapes.Fits(examples[12], await SendAsync(HttpMethod.Patch, $"{Root}/{live}/legs/{leg}", examples[10]));
        Shapes.Fits(examples[13], await SendAsync(HttpMethod.Get, $"{Devices}?page_size=1"));
        Shapes.Fits(examples[14], await SendAsync(HttpMethod.Get, $"{Devices}/79-5C-7D-28-1B-B3"));
        Assert.Equal(HttpStatusCode.NoContent, (await rig.Admin.DeleteAsync($"{Root}/{live}/legs/{leg}")).StatusCode);
        Assert.Equal(5, control.Asked.Count);
    }

    private static void AddDevices(DialectRig rig)
    {
        var changes = new DeskChanges();
        for (int i = 0; i < 2; i++)
        {
            changes.Registrations.Add(new StoredRegistration(
                new RegistrationRecord
                {
                    Id = $"{i:x24}",
                    Aor = $"sip:{i}@pbx",
                    Source = TestCalls.Address("150.24.83.17", 5060),
                    Mac = "79:5c:7d:28:1b:b3",
                    LastRequestAt = TestCalls.Start,
                    LastSuccessAt = TestCalls.Start,
                    ExpiresAt = TestCalls.Start,
                },
                $"{i}",
                []));
        }

        rig.Registrations.Write(changes);
    }
}
