using System.Net.Http.Headers;

namespace CdrEngine.Api.Tests;

/// <summary>Bodies that are longer than may be: the answer says that the connection ends with it, so that no client sends its next request into the void.</summary>
public sealed class LongBodyTests
{
    [Theory]
    [InlineData("/api/v1/shares", HttpStatusCode.RequestEntityTooLarge)]
    [InlineData("/api/v1/nothing", HttpStatusCode.NotFound)]
    [InlineData("/api/v1/calls", HttpStatusCode.MethodNotAllowed)]
    public async Task Body_ThatIsTooLong_EndsTheConnection_AndTheAnswerSaysSo(string path, HttpStatusCode expected)
    {
        await using Rig rig = await Rig.StartAsync();
        using HttpResponseMessage refused = await rig.Client.PostAsync(path, Json(200_000));
        Assert.Equal(expected, refused.StatusCode);
        Assert.True(refused.Headers.ConnectionClose);
    }

    [Fact]
    public async Task Requests_BehindOneThatWasTooLong_AreAnswered()
    {
        await using Rig rig = await Rig.StartAsync();
        for (int i = 0; i < 40; i++)
        {
            using HttpResponseMessage refused = await rig.Client.PostAsync("/api/v1/nothing", Json(100_000));
            using HttpResponseMessage next = await rig.Client.PostAsync("/api/v1/nothing", Json(10));
            Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (refused.StatusCode, next.StatusCode));
            Assert.NotEqual(true, next.Headers.ConnectionClose);
        }
    }

    [Fact]
    public async Task Body_OfUnknownLength_EndsTheConnectionWhereItIsRefused()
    {
        await using Rig rig = await Rig.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/nothing") { Content = Json(100_000) };
        request.Headers.TransferEncodingChunked = true;
        using HttpResponseMessage refused = await rig.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        Assert.True(refused.Headers.ConnectionClose);
    }

    private static ByteArrayContent Json(int length)
    {
        var content = new ByteArrayContent(Encoding.ASCII.GetBytes($"\"{new string('a', length)}\""));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }
}
