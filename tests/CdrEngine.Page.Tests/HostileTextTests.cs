using CdrEngine.Page.Tests.Browser;
using CdrEngine.TestKit.Hostile;
using Microsoft.Playwright;
using Xunit;

namespace CdrEngine.Page.Tests;

/// <summary>Every text that means something to some output, in every view: what it shows is text, and nothing of it runs.</summary>
[Collection(WatchCollection.Name)]
public sealed class HostileTextTests(WatchRig rig)
{
    private const string AllColumns = "caller,callee,direction,outcome,duration,talk,pdd,mos,noticed,codec,dialled,cause,hangup,caller_address,callee_address,caller_device,callee_device,kind,trunk,tenant,cost,session,source,call_id";

    [ChromiumFact]
    public async Task EveryView_ShowsTextAlone()
    {
        (string Path, string Name)[] views =
        [
            ($"/calls?limit=40&cols={AllColumns}", "calls"), ("/sessions", "sessions"), ("/registrations", "registrations"), ("/messages", "messages"), ("/peers", "peers"), ("/live", "live"), ("/alerts?show=all", "alerts"),
            ($"/alerts/{rig.Alerts[0]}", "alert"), ($"/alerts/{rig.Alerts[3]}", "alert-caller"), ("/alerts/rules/failures?try=1&when=last+365+days&threshold=1&clear=0&sample=1&window=600", "rule"), ("/dashboards?when=last+365+days", "dashboards"),
            ("/dashboards?when=last+365+days&trunk=%3Cscript%3Epwn()%3C/script%3E&tenant=%22onload=pwn()", "dashboards-none"), ("/system?zero=1", "system"), ("/calls?q=%3Cscript%3Epwn()&trunk=%3Csvg/onload=pwn()%3E&status=486", "calls-none"),
        ];
        foreach (PageLook look in (PageLook[])[PageLook.Desk, PageLook.Phone])
        {
            await using WatchedPage tab = await rig.OpenAsync("/calls", look);
            foreach ((string path, string name) in views)
            {
                await tab.GoAsync(path);
                await tab.SettledAsync();
                await tab.AssertOursAloneAsync();
                await tab.ShootAsync($"hostile-{name}{(look == PageLook.Phone ? "-phone" : "")}", whole: look == PageLook.Desk && name is not "calls");
                await tab.AssertFitsAsync();
                if (look == PageLook.Desk) await tab.AssertAccessibleAsync();
                tab.AssertQuiet();
            }
        }
    }

    [ChromiumFact]
    public async Task EveryDetail_HoldsNothingThatRuns()
    {
        await using WatchedPage tab = await rig.OpenAsync("/calls?limit=500");
        var paths = new List<string>();
        foreach (string list in (string[])["/calls?limit=500", "/sessions", "/registrations", "/messages"])
        {
            await tab.GoAsync(list);
            string[] found = await tab.Page.Locator("tbody .row-link").EvaluateAllAsync<string[]>("links => links.map(link => link.getAttribute('href'))");
            Assert.True(found.Length >= Math.Min(50, HostileText.All.Count));
            paths.AddRange(found);
        }

        paths.Add($"/calls?limit=500&cols={AllColumns}");

        // What a browser makes of each answer, looked at without running it.
        await using WatchedPage reader = await rig.BareAsync();
        for (int i = 0; i < paths.Count; i++)
        {
            string path = paths[i];
            string[] forms = i % 6 == 0 && path.StartsWith("/calls/", StringComparison.Ordinal) ? [path, $"{path}/messages/1", $"{path}/compare?a=1&b=2"] : [path];
            foreach (string form in forms)
            {
                IAPIResponse answer = await tab.Page.APIRequest.GetAsync(form);
                Assert.True(answer.Status is 200 or 404, $"{answer.Status}: {form}");
                Assert.Empty(await reader.Page.EvaluateAsync<string[]>($"text => ({WatchedPage.StrangersOf})(new DOMParser().parseFromString(text, 'text/html'))", await answer.TextAsync()));
            }
        }

        // And a few of them run.
        foreach (string path in paths.Where(static (_, i) => i % 24 == 0))
        {
            await tab.GoAsync(path);
            await tab.AssertFitsAsync();
            await tab.AssertOursAloneAsync();
            tab.AssertQuiet();
        }
    }
}
