using System.Net;

namespace CdrEngine.Api.Tests;

public sealed class FaxTests : IAsyncLifetime
{
    private Rig _rig = null!;

    public async Task InitializeAsync() => _rig = await Rig.StartAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Theory]
    [InlineData("fax.tiff", "image/tiff", "Tiff of pages", "download_fax_tiff")]
    [InlineData("fax.pdf", "application/pdf", "Pdf of pages", "download_fax_pdf")]
    public async Task Fax_IsGivenOut_AndAudited(string name, string type, string body, string action)
    {
        CallRecord call = TestCalls.Full();
        _rig.Calls.Add(call);
        _rig.Media.Fax = "pages";
        HttpResponseMessage response = await _rig.GetAsync($"/api/v1/calls/{call.Id}/{name}");
        Assert.Equal((HttpStatusCode.OK, type, body), (response.StatusCode, response.Content.Headers.ContentType!.MediaType, await response.Content.ReadAsStringAsync()));
        Assert.Contains(action, await File.ReadAllTextAsync(Path.Combine(_rig.Options.AccessFolder, "audit.jsonl")), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await _rig.GetAsync($"/api/v1/calls/{call.Id}/{name}", method: HttpMethod.Head)).StatusCode);
    }

    [Fact]
    public async Task Fax_ThatThereIsNone_SaysWhy()
    {
        CallRecord call = TestCalls.Full();
        _rig.Calls.Add(call);
        HttpResponseMessage response = await _rig.GetAsync($"/api/v1/calls/{call.Id}/fax.tiff");
        Assert.Contains("no_fax", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await Rig.ProblemAsync(response, HttpStatusCode.NotFound);
        await Rig.ProblemAsync(await _rig.GetAsync($"/api/v1/calls/{TestCalls.Call(99).Id}/fax.pdf"), HttpStatusCode.NotFound);
    }
}
