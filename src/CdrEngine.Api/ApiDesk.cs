using CdrEngine.Calls.Ports;

namespace CdrEngine.Api;

/// <summary>What the API needs of all that goes on outside calls.</summary>
/// <param name="Registrations">Registrations, peers and mailboxes.</param>
/// <param name="RegistrationPackets">Packets of a registration's last exchange, by its id.</param>
/// <param name="Messages">Messages and conversations.</param>
/// <param name="MessagePackets">Packets of a message, by its id.</param>
public sealed record ApiDesk(IRegistrationReader Registrations, ICallPackets RegistrationPackets, IMessageReader Messages, ICallPackets MessagePackets);
