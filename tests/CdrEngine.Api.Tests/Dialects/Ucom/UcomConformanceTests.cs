using CdrEngine.TestKit;

namespace CdrEngine.Api.Tests.Dialects.Ucom;

/// <summary>The vendor's text against the answers.</summary>
public sealed class UcomConformanceTests
{
    private const string TextName = "ucom-calls.txt";

    [SharedFact]
    public async Task Call_HasTheMembersOfTheTable_WithTheirTypes()
    {
        VendorText text = VendorText.Read(TextName);
        (string Name, string Type)[] described = [.. text.Table("titleResource calls", "\"Client\" Section Resources")];
        (string Name, string Type)[] answered = [.. text.Table("Array[calls]", "").Where(static member => member.Name is not ("order" or "page" or "per_page"))];

        // The second table leaves out the two members that were added last.
        Assert.Equal([.. described.Select(static member => member.Name).Except(["diversion_number", "quality_rate"])], answered.Select(static member => member.Name));
        await using DialectRig rig = await DialectRig.StartAsync();
        rig.Add(TestCalls.Full("1001") with { Direction = CallDirection.Inbound, SessionId = TestCalls.Full("1001").Id });
        JsonElement page = await rig.GetAsync("/client/1234/calls/");
        Assert.Equal(["calls", "order", "page", "per_page"], page.EnumerateObject().Select(static member => member.Name));
        JsonElement call = Assert.Single(page.GetProperty("calls").EnumerateArray());
        Assert.Equal(described.Select(static member => member.Name), call.EnumerateObject().Select(static member => member.Name));
        foreach ((string name, string type) in described)
        {
            JsonValueKind kind = type switch { "long" => JsonValueKind.Number, "object" => JsonValueKind.Object, _ => JsonValueKind.String };
            Assert.True(call.GetProperty(name).ValueKind == kind || call.GetProperty(name).ValueKind == JsonValueKind.Null, $"{name}: {call.GetProperty(name).ValueKind} for {type}");
        }

        Assert.Equal(1234, call.GetProperty("client_owner_id").GetInt64());
        Assert.Equal(["rate", "max_rate"], UcomQualityMembers(call));
    }

    [SharedFact]
    public async Task EveryRequestOption_OfTheText_IsInTheDocument_WithItsType()
    {
        VendorText text = VendorText.Read(TextName);
        IReadOnlyList<(string Name, string Type)> options = text.Table("Request Options", "Response Fields");
        Assert.Equal(15, options.Count);
        await using DialectRig rig = await DialectRig.StartAsync();
        JsonElement document = await rig.GetAsync("/api/v1/dialects/ucom/openapi.json");
        JsonElement operation = document.GetProperty("paths").GetProperty("/client/{client_id}/calls").GetProperty("get");
        Dictionary<string, JsonElement> parameters = operation.GetProperty("parameters").EnumerateArray().ToDictionary(static parameter => parameter.GetProperty("name").GetString()!, static parameter => parameter.GetProperty("schema"));
        foreach ((string name, string type) in options)
        {
            string shown = parameters[name].GetProperty("type").GetString() == "array" ? $"array [{parameters[name].GetProperty("items").GetProperty("type").GetString()}]" : parameters[name].GetProperty("type").GetString()!;
            Assert.Equal($"{name} {type}", $"{name} {shown}");
        }
    }

    private static IEnumerable<string> UcomQualityMembers(JsonElement call) => call.GetProperty("quality_rate") is { ValueKind: JsonValueKind.Object } quality
        ? quality.EnumerateObject().Select(static member => member.Name)
        : ["rate", "max_rate"];
}
