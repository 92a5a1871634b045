using CdrEngine.Api.Access.Audit;
using CdrEngine.Api.Answers;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Endpoints;

/// <summary>What answers made of packets and recordings share: places, audit, and an end where the client has gone.</summary>
internal sealed class Downloads(ICallPackets packets, RequestAudit audit, ApiOptions options, ApiCounters counters)
{
    private readonly Seats _seats = new(options.Limits.Downloads, options.Limits.LongestWait, counters);

    /// <summary>Makes an answer in a place of its own, from packets that stop coming when the client is gone.</summary>
    public Task WithSeatAsync(HttpContext context, Func<ICallPackets, Task> answer) =>
        _seats.RunAsync(context, () => answer(new AbortablePackets(packets, context.RequestAborted)));

    /// <summary>Writes the audit, then sends what the writer writes; nothing of it for HEAD.</summary>
    public async Task SendAsync(HttpContext context, string id, string action, string? tenant, Action<Stream> write)
    {
        if (HttpMethods.IsHead(context.Request.Method) || !await AccountAsync(context, id, action, tenant)) return;
        await ResponseFeed.SendAsync(context, write);
    }

    /// <summary>Writes the audit of a download. False where it cannot be written, and then the request is answered.</summary>
    /// <param name="context">The request.</param>
    /// <param name="id">Id of what is given out.</param>
    /// <param name="action">What is done.</param>
    /// <param name="tenant">Whose it is; null for the tenant of who asks.</param>
    public async Task<bool> AccountAsync(HttpContext context, string id, string action, string? tenant)
    {
        if (!await audit.AccountAsync(context, action, id, tenant)) return false;
        counters.Count(ApiCounter.Downloads);
        return true;
    }

    /// <summary>Packets of a call that stop coming when the client is gone.</summary>
    private sealed class AbortablePackets(ICallPackets packets, CancellationToken gone) : ICallPackets
    {
        public bool Visit(string id, PacketKinds kinds, ICapturedPacketVisitor visitor)
        {
            bool any = packets.Visit(id, kinds, new Visitor(visitor, gone));
            gone.ThrowIfCancellationRequested();
            return any;
        }

        private sealed class Visitor(ICapturedPacketVisitor visitor, CancellationToken gone) : ICapturedPacketVisitor
        {
            public bool Visit(in CapturedPacket packet) => !gone.IsCancellationRequested && visitor.Visit(packet);
        }
    }
}
