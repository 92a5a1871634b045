using CdrEngine.TestKit;

namespace CdrEngine.Api.Tests.Dialects.PortSip;

/// <summary>The vendor's text against the answers.</summary>
public sealed class PortSipConformanceTests
{
    [SharedFact]
    public async Task EveryExample_IsAnswered_InItsShape()
    {
        // The text is from a page that hides addresses.
        string clean = VendorText.Read("portsip-cdr.txt").Text.Replace("[email\u00a0protected]", "someone@example.com", StringComparison.Ordinal);
        Operation[] operations = Operations(clean);
        Assert.Equal(12, operations.Length);
        await using DialectRig rig = await DialectRig.StartAsync();
        (CallRecord first, CallRecord second) = PortSipMappingTests.Linked();
        first = first with { Direction = CallDirection.Inbound, RangAt = first.StartedAt, HangupBy = HangupBy.Caller, Marks = first.Marks! with { Charge = first.Marks.Charge! with { Amount = 1 } } };
        rig.Add(first, second with { Marks = second.Marks! with { Charge = second.Marks.Charge! with { Amount = 1 } } });
        string report = "";
        foreach (Operation operation in operations.OrderBy(static operation => operation.Path.EndsWith("/destroy", StringComparison.Ordinal)))
        {
            string path = operation.Path;
            if (path.Contains("{id}", StringComparison.Ordinal))
            {
                string list = path.StartsWith("/api/call_reports", StringComparison.Ordinal) && report.Length > 0 ? "" : path.Split("/{id}")[0];
                path = path.Replace("{id}", list.Length == 0 ? report : await FirstAsync(rig, list), StringComparison.Ordinal);
            }

            HttpContent? body = operation.Body is { } json ? new StringContent(json.Replace("\"cron_expr\": \"text\"", "\"cron_expr\": \"0 6 * * *\"", StringComparison.Ordinal), Encoding.UTF8, "application/json") : null;
            HttpResponseMessage response = await rig.Admin.SendAsync(new HttpRequestMessage(new HttpMethod(operation.Method), path) { Content = body });
            string text = await response.Content.ReadAsStringAsync();
            Assert.True((int)response.StatusCode == operation.Status, $"{operation.Method} {path}: {(int)response.StatusCode} {text}");
            if (operation.Answer is not { } example)
            {
                Assert.Equal("", text);
                continue;
            }

            Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
            using JsonDocument answer = JsonDocument.Parse(text);
            Shapes.Fits(JsonDocument.Parse(example).RootElement, answer.RootElement, $"{operation.Method} {operation.Path}");
            if (operation.Status == 201)
            {
                report = answer.RootElement.GetProperty("id").GetString()!;

                // One that is made at once, so that there is a result to list.
                HttpResponseMessage once = await rig.Admin.PostAsync("/api/call_reports", new StringContent(operation.Body!.Replace("\"cron_expr\": \"text\",", "", StringComparison.Ordinal), Encoding.UTF8, "application/json"));
                Assert.Equal(HttpStatusCode.Created, once.StatusCode);
                await FirstAsync(rig, "/api/completed_call_reports");
            }
        }
    }

    [SharedFact]
    public void EveryTypeFormatAndRange_OfTheText_IsKnown()
    {
        string text = VendorText.Read("portsip-cdr.txt").Text;
        string[] Listed(string from, string to)
        {
            int begin = text.IndexOf(from, StringComparison.Ordinal);
            return [.. text[begin..text.IndexOf(to, begin, StringComparison.Ordinal)].Split('\n').Where(static line => line.TrimStart().StartsWith('•')).Select(static line => line.TrimStart(' ', '•').Split(':')[0].Trim())];
        }

        Assert.Equal(Api.Dialects.PortSip.PortSipReports.Types, Listed("The report types", "Possible values"));
        Assert.Equal(Api.Dialects.PortSip.PortSipReports.Formats, Listed("The report output", "Possible values"));
        Assert.Equal(Api.Dialects.PortSip.PortSipReports.Ranges, Listed("The report range", "Possible values"));
    }

    private static async Task<string> FirstAsync(DialectRig rig, string list)
    {
        for (int i = 0; i < 2400; i++)
        {
            JsonElement items = (await rig.GetAsync(list)).GetProperty("items");
            if (items.GetArrayLength() > 0) return items[0].GetProperty("id").GetString()!;
            await Task.Delay(50);
        }

        throw new TimeoutException(list);
    }

    // A request stands as METHOD PATH HTTP/1.1; behind its headers come its body, where it has one, and the answer, where it has one. The status stands before.
    private static Operation[] Operations(string text)
    {
        string[] lines = text.Split('\n');
        var operations = new List<Operation>();
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].TrimEnd().EndsWith(" HTTP/1.1", StringComparison.Ordinal)) continue;
            int responses = Array.FindLastIndex(lines, i, static line => line.Trim() == "Responses");
            int status = int.Parse(lines[responses + 1].Trim(), System.Globalization.CultureInfo.InvariantCulture);
            int end = Array.FindIndex(lines, i + 1, static line => line.TrimEnd().EndsWith(" HTTP/1.1", StringComparison.Ordinal));
            List<string> examples = Objects(string.Join('\n', lines[i..(end < 0 ? lines.Length : end)]));
            bool takes = lines[i..(end < 0 ? lines.Length : end)].Any(static line => line.StartsWith("Content-Length:", StringComparison.Ordinal));
            string[] request = lines[i].Split(' ');
            operations.Add(new Operation(request[0], request[1], status, takes ? examples[0] : null, examples.Skip(takes ? 1 : 0).FirstOrDefault()));
        }

        return [.. operations];
    }

    private static List<string> Objects(string text)
    {
        var found = new List<string>();
        int depth = 0, begin = 0;
        for (int i = 0; i < text.Length; i++)
        {
            // "{id}" of a path is none.
            if (text[i] == '{' && depth++ == 0) begin = i;
            if (text[i] == '}' && --depth == 0 && text[begin..i].Contains('"')) found.Add(text[begin..(i + 1)]);
        }

        return found;
    }

    private sealed record Operation(string Method, string Path, int Status, string? Body, string? Answer);
}
