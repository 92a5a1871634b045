using CdrEngine.Api.Access;
using CdrEngine.Api.OpenApi;
using CdrEngine.Api.Queries;
using Microsoft.AspNetCore.Http;
using static CdrEngine.Api.Endpoints.ApiRoutes;

namespace CdrEngine.Api.Endpoints;

/// <summary>The resources of what goes on outside calls; a part of the one table.</summary>
internal static class DeskRoutes
{
    private static readonly ApiParameter RegistrationId = new("id", "Id of the registration.", new ValueShape("string", "00112233445566778899aabb") { Pattern = "^[0-9a-f]{24}$" })
    {
        IsInPath = true,
    };

    private static readonly ApiParameter MessageId = new("id", "Id of the message.", Shapes.CallId) { IsInPath = true };

    private static readonly ApiParameter ConversationId = new("id", "Id of the conversation.", Shapes.CallId) { IsInPath = true };

    private static readonly (string Name, string Description)[] Next = [("Link", "The next page, rel=\"next\" (RFC 8288); absent on the last.")];

    private static readonly int[] ListProblems = [StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable];

    private static readonly int[] OneProblems = [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable];

    private static readonly int[] PacketProblems = [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable];

    public static IReadOnlyList<ApiRoute> All(DeskEndpoints desk) =>
    [
        List("registrations", "listRegistrations", "Lists registrations, a page at a time.", desk.RegistrationsAsync, DeskParameters.Registrations, DeskSchemas.RegistrationPage),
        One("registrations/{id}", "getRegistration", "One registration.", desk.RegistrationAsync, RegistrationId, DeskSchemas.Registration),
        new($"{Root}/registrations/{{id}}/history", "getRegistrationHistory", "What happened to a registration, the latest first.", desk.HistoryAsync)
        {
            Scope = ApiScopes.CallsRead,
            Description = "Refreshes in succession are one event with a count.",
            Parameters = [RegistrationId, DeskEndpoints.HistoryLimit, DeskEndpoints.HistoryBefore],
            Answers = [(CallEndpoints.JsonType, DeskSchemas.RegistrationHistory)],
            Problems = OneProblems,
        },
        Pcap("registrations", "getRegistrationPcap", "The packets of a registration's last exchange.", desk.RegistrationPcapAsync, RegistrationId),
        Trace("registrations", "getRegistrationTrace", "The SIP messages of a registration's last exchange as text.", desk.RegistrationTraceAsync, RegistrationId),
        List("messages", "listMessages", "Lists messages, a page at a time.", desk.MessagesAsync, DeskParameters.Messages, DeskSchemas.MessagePage),
        One("messages/{id}", "getMessage", "One message.", desk.MessageAsync, MessageId, DeskSchemas.Message),
        Pcap("messages", "getMessagePcap", "The packets of a message and of the notifications about it.", desk.MessagePcapAsync, MessageId),
        Trace("messages", "getMessageTrace", "A message with its responses as text.", desk.MessageTraceAsync, MessageId),
        List("conversations", "listConversations", "Lists conversations, a page at a time.", desk.ConversationsAsync, DeskParameters.Conversations, DeskSchemas.ConversationPage),
        One("conversations/{id}", "getConversation", "One conversation; its messages are listed by `messages?conversation_id=`.", desk.ConversationAsync, ConversationId, DeskSchemas.Conversation),
        List("peers", "listPeers", "Lists peers outside calls, a page at a time: who asks whom what, and how fast the answers come.", desk.PeersAsync, DeskParameters.Peers, DeskSchemas.PeerPage),
        List("mailboxes", "listMailboxes", "Lists what was told of mailboxes, a page at a time.", desk.MailboxesAsync, DeskParameters.Mailboxes, DeskSchemas.MailboxPage),
    ];

    private static ApiRoute List(string path, string operationId, string summary, RequestDelegate handler, IReadOnlyList<ApiParameter> parameters, string schema) => new($"{Root}/{path}", operationId, summary, handler)
    {
        Scope = ApiScopes.CallsRead,
        Description = "Filters narrow the list together. Pages are found again by their cursor.",
        Parameters = parameters,
        Answers = [(CallEndpoints.JsonType, schema)],
        Headers = Next,
        Problems = ListProblems,
    };

    private static ApiRoute One(string path, string operationId, string summary, RequestDelegate handler, ApiParameter id, string schema) => new($"{Root}/{path}", operationId, summary, handler)
    {
        Scope = ApiScopes.CallsRead,
        Parameters = [id],
        Answers = [(CallEndpoints.JsonType, schema)],
        Problems = OneProblems,
    };

    private static ApiRoute Pcap(string path, string operationId, string summary, RequestDelegate handler, ApiParameter id) => new($"{Root}/{path}/{{id}}.pcap", operationId, summary, handler)
    {
        Scope = ApiScopes.PacketsRead,
        Description = "pcap where all packets have one link type, else pcapng. Audited.",
        Parameters = [id],
        Answers = [(PacketEndpoints.PcapType, null), (PacketEndpoints.PcapngType, null)],
        Headers = [("Content-Disposition", "File name.")],
        Problems = PacketProblems,
    };

    private static ApiRoute Trace(string path, string operationId, string summary, RequestDelegate handler, ApiParameter id) => new($"{Root}/{path}/{{id}}.trace", operationId, summary, handler)
    {
        Scope = ApiScopes.PacketsRead,
        Description = "Audited.",
        Parameters = [id],
        Answers = [(PacketEndpoints.TextType, null)],
        Problems = PacketProblems,
    };
}
