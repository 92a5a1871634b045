using System.Text;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Ladder;
using CdrEngine.Api.Queries;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transcripts;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Endpoints;

/// <summary>What is made of a call's packets: capture file, trace, ladder.</summary>
internal sealed class PacketEndpoints(CallEndpoints calls, Downloads downloads, ApiOptions options)
{
    public const string PcapType = "application/vnd.tcpdump.pcap";
    public const string PcapngType = "application/x-pcapng";
    public const string TextType = "text/plain";
    public const string SvgType = "image/svg+xml";

    /// <summary>Which packets a capture file holds.</summary>
    public static readonly ApiParameter Kinds = new("kinds", "Which packets: those that carried SIP, those on the media ports, or all.", new ValueShape("string", "sip") { Names = ["sip", "rtp", "all"] })
    {
        Default = "all",
    };

    /// <summary><c>GET calls/{id}.pcap</c>.</summary>
    public Task PcapAsync(HttpContext context)
    {
        string kinds = context.Request.Query.TryGetValue(Kinds.Name, out var given) ? given[0]! : "all";
        PacketKinds wanted = kinds switch { "sip" => PacketKinds.Signalling, "rtp" => PacketKinds.Media, "all" => PacketKinds.All, _ => PacketKinds.None };
        if (wanted == PacketKinds.None)
        {
            string detail = $"{Kinds.Name}: '{QueryCheck.Shown(kinds)}' is none of {string.Join(", ", Kinds.Shape.Names)}.";
            return Problem.WriteAsync(context, StatusCodes.Status400BadRequest, detail, Kinds.Name);
        }

        if (Negotiation.Choose(context.Request, PcapType, PcapngType) is null) return Negotiation.RefuseAsync(context, PcapType, PcapngType);
        return WithCallAsync(context, call => SendPcapAsync(context, call, wanted, kinds));
    }

    /// <summary>Sends the capture file of a call that the caller found to be for who asks.</summary>
    public Task SendPcapAsync(HttpContext context, CallRecord call, PacketKinds wanted, string kinds)
    {
        return downloads.WithSeatAsync(context, async stored =>
        {
            if (CallCapture.Choose(stored, call.Id, wanted) is not { } format)
            {
                await NoPacketsAsync(context);
                return;
            }

            context.Response.ContentType = format.MediaType;
            context.Response.Headers.ContentDisposition = Attachment(call, (kinds == "all" ? "" : "-" + kinds) + format.FileExtension);
            await DownloadAsync(context, call, $"download_pcap_{kinds}", to => CallCapture.Write(stored, call.Id, wanted, format, to));
        });
    }

    /// <summary><c>GET calls/{id}.trace</c>.</summary>
    public Task TraceAsync(HttpContext context)
    {
        if (Negotiation.Choose(context.Request, TextType) is null) return Negotiation.RefuseAsync(context, TextType);
        return WithCallAsync(context, call => SendTraceAsync(context, call));
    }

    /// <summary>Sends the trace of a call that the caller found to be for who asks.</summary>
    public Task SendTraceAsync(HttpContext context, CallRecord call)
    {
        return downloads.WithSeatAsync(context, async stored =>
        {
            var transcript = new SipTranscript(call.SipCallId, options.Limits.TraceMessages);
            if (!stored.Visit(call.Id, PacketKinds.Signalling, transcript))
            {
                await NoPacketsAsync(context);
                return;
            }

            context.Response.ContentType = TextType + "; charset=utf-8";
            context.Response.Headers.ContentDisposition = Attachment(call, ".trace.txt").Replace("attachment", "inline", StringComparison.Ordinal);
            await DownloadAsync(context, call, "download_trace", to =>
            {
                using var text = new StreamWriter(to, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
                transcript.WriteText(text);
                if (transcript.IsCut) text.WriteLine($"cut after {transcript.Messages.Count} messages; the pcap has them all");
            });
        });
    }

    /// <summary><c>GET calls/{id}/ladder.svg</c>.</summary>
    public Task LadderAsync(HttpContext context)
    {
        if (Negotiation.Choose(context.Request, SvgType) is null) return Negotiation.RefuseAsync(context, SvgType);
        return WithCallAsync(context, call => SendLadderAsync(context, call));
    }

    /// <summary>Sends the ladder of a call that the caller found to be for who asks.</summary>
    public Task SendLadderAsync(HttpContext context, CallRecord call)
    {
        return downloads.WithSeatAsync(context, async stored =>
        {
            var transcript = new SipTranscript(call.SipCallId, options.Limits.LadderMessages);
            if (!stored.Visit(call.Id, PacketKinds.Signalling, transcript))
            {
                await NoPacketsAsync(context);
                return;
            }

            var reader = new LadderReader();
            string svg = LadderSvg.Draw(call, [.. transcript.Messages.Select(reader.Read)], transcript.IsCut, options.Limits.LadderColumns);
            await Body.WriteAsync(context, SvgType, Encoding.UTF8.GetBytes(svg));
        });
    }

    /// <summary>Answers that there are no packets.</summary>
    public static Task NoPacketsAsync(HttpContext context) =>
        Problem.WriteAsync(context, StatusCodes.Status404NotFound, "There are no such packets of this call, or no longer.");

    // The name is made of the id, which has been found to be of digits, letters and a hyphen.
    private static string Attachment(CallRecord call, string ending) => $"attachment; filename=\"{call.Id}{ending}\"";

    private async Task WithCallAsync(HttpContext context, Func<CallRecord, Task> answer)
    {
        if (await calls.FindAsync(context) is { } call) await answer(call);
    }

    private Task DownloadAsync(HttpContext context, CallRecord call, string action, Action<Stream> write) => downloads.SendAsync(context, call.Id, action, call.Tenant, write);
}
