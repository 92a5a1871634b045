using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Peers;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;

namespace CdrEngine.Calls.Directory;

// Whose what goes on outside calls is. Names of tenants, because that is what records bear.
public sealed partial class CallDirectory
{
    /// <summary>Tenant of a registration: by the domain of its address of record, else by the digest realm, else by the trunk it comes over, else by
    /// its user; null where none of them is anybody's and there is no default tenant.</summary>
    public string? TenantOf(RegistrationRecord registration) =>
        (TenantOfDomain(registration.Domain)
            ?? TenantOfDomain(registration.Realm)
            ?? TenantAt(registration.Source)
            ?? Resolve(registration.User, null, isOutside: false, DefaultTenant).Entry?.Tenant
            ?? DefaultTenant)?.Name;

    /// <summary>Tenant of a message: that of a call between the same two over the same wire.</summary>
    public string? TenantOf(MessageRecord message) => Mark(new CallRecord
    {
        Id = message.Id,
        SessionId = message.Id,
        SipCallId = message.SipCallId,
        State = CallState.Ended,
        Disposition = Disposition.Answered,
        StartedAt = message.StartedAt,
        Caller = PartyOf(message.From),
        Callee = PartyOf(message.To),
        Dialled = message.To.Number,
    }).Tenant;

    /// <summary>Tenant of a peer: that of the trunk at its address, else the default one. Addresses of single devices are nobody's: many tenants'
    /// devices come from one.</summary>
    public string? TenantOf(PeerRecord peer) => (TenantAt(peer.Address) ?? DefaultTenant)?.Name;

    /// <summary>Tenant of a mailbox: by the domain of its account, else by its user.</summary>
    public string? TenantOf(MailboxRecord mailbox) =>
        (TenantOfUri(mailbox.Account) ?? Resolve(mailbox.Account, null, isOutside: false, DefaultTenant).Entry?.Tenant ?? DefaultTenant)?.Name;

    // A number that was asserted says more than one that was claimed.
    private static Party PartyOf(MessageParty party) => new()
    {
        Number = party.Number,
        Uri = party.AssertedUri ?? party.Uri,
        Address = party.Address.IsNone ? null : party.Address,
    };

    private Tenant? TenantOfDomain(string? domain) => domain is null ? null : _domains.GetValueOrDefault(domain.Trim('[', ']'));

    private Tenant? TenantAt(Endpoint address) => address.IsNone ? null : _addresses.Find(address)?.Tenant;
}
