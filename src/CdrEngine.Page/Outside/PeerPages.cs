using CdrEngine.Api;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Pages;
using CdrEngine.Calls.Peers;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Markup;
using CdrEngine.Page.Shell;

namespace CdrEngine.Page.Outside;

/// <summary>Peers: who answers requests outside calls, and how fast.</summary>
internal sealed class PeerPages(PageDesk desk, ApiDesk outside)
{
    private static readonly PlainList List = new()
    {
        Path = "/peers",
        Title = "Peers",
        Noun = "peers",
        Lead = Html.Of($"Requests outside calls, by address and method: who answers, how fast, and who has stopped."),
        Fields =
        [
            new("address", "IP address", "IP address"),
            new("method", "Method", "Method"),
            new("silent", "Answers", "Answering or not") { Options = [("true", "Stopped answering"), ("false", "Answering")] },
        ],
        Columns = [new("Peer", "code"), new("State", "outcome"), new("Side"), new("Method"), new("Requests", "num"), new("Unanswered", "num"), new("Mean response", "num"), new("95% within", "num"), new("Longest", "num"), new("Last status", "num"), new("Last", "when")],
        Empty = Pieces.Empty(Icon.Server, "No peers", Html.Of($"Machines appear here once requests outside calls (OPTIONS, REGISTER, SUBSCRIBE …) are seen.")),
    };

    private readonly Seats _seats = new(desk.Options.Limits.Lists, desk.Options.Limits.LongestWait, desk.Counters);

    /// <summary>The routes.</summary>
    public IReadOnlyList<PageRoute> Routes => [new("/peers", "peers") { Get = ListAsync }];

    private async Task<PageAnswer> ListAsync(PageRequest request)
    {
        var query = new PeerQuery
        {
            Limit = desk.Options.PageSize,
            Tenant = request.Viewer.Tenant,
            Cursor = request.Query("cursor"),
            Method = request.Query("method")?.Trim().ToUpperInvariant(),
            Silent = request.Query("silent") switch { "true" => true, "false" => false, _ => null },
        };
        if (request.Query("address")?.Trim() is { Length: > 0 } text)
        {
            if (!IpAddress.TryParse(text, out IpAddress address)) return List.Answer(request, [], null, $"Address: “{text}” is no IP address such as 192.0.2.1.");
            query = query with { Address = address };
        }

        if (await request.SeatedAsync(_seats, () => outside.Registrations.ListPeers(query)) is not { } page) return new AnsweredPage();
        return List.Answer(request, [.. page.Items.Select(peer => Row(peer, request.Viewer.Zone))], page.NextCursor);
    }

    private static Html Row(PeerRecord peer, TimeZoneInfo zone) => Pieces.Row(
        List.Columns,
        Html.Of($"{(peer.Address.Port == 0 ? peer.Address.Address.ToString() : peer.Address.ToString())}"),
        peer.UnansweredSince is null ? Badge.Of(Tone.Good, "Answering") : Badge.Of(Tone.Bad, "Silent"),
        Html.Of($"{(peer.Direction == PeerDirection.Received ? "is asked" : "asks")}"),
        Html.Of($"{Html.Wire(peer.Method)}{(peer.Event.Length > 0 ? Html.Of($""" <span class="dim">{Html.Wire(peer.Event)}</span>""") : Html.None)}"),
        Html.Of($"{Words.Number(peer.Requests)}"),
        peer.Unanswered == 0 ? Words.None : Html.Of($"{Words.Number(peer.Unanswered)}"),
        Words.Milliseconds(peer.ResponseMean),
        Words.Milliseconds(peer.ResponseP95),
        Words.Milliseconds(peer.ResponseMax),
        peer.LastStatus == 0 ? Words.None : Html.Of($"{peer.LastStatus}"),
        Words.Time(peer.LastAt, zone));
}
