namespace CdrEngine.Protocols.Sip;

/// <summary>Header fields that the engine knows by name; one of another name is <see cref="Unknown"/> and found by its text.</summary>
public enum SipHeader : byte
{
    /// <summary>Any other header field.</summary>
    Unknown = 0,

    /// <summary>Accept: RFC 3261 20.1.</summary>
    Accept = 1,

    /// <summary>Accept-Contact (compact form a): RFC 3841.</summary>
    AcceptContact = 2,

    /// <summary>Accept-Encoding: RFC 3261 20.2.</summary>
    AcceptEncoding = 3,

    /// <summary>Accept-Language: RFC 3261 20.3.</summary>
    AcceptLanguage = 4,

    /// <summary>Alert-Info: RFC 3261 20.4.</summary>
    AlertInfo = 5,

    /// <summary>Allow: RFC 3261 20.5.</summary>
    Allow = 6,

    /// <summary>Allow-Events (compact form u): RFC 6665 8.2.2.</summary>
    AllowEvents = 7,

    /// <summary>Authentication-Info: RFC 3261 20.6.</summary>
    AuthenticationInfo = 8,

    /// <summary>Authorization: RFC 3261 20.7.</summary>
    Authorization = 9,

    /// <summary>Call-ID (compact form i): RFC 3261 20.8.</summary>
    CallId = 10,

    /// <summary>Call-Info: RFC 3261 20.9.</summary>
    CallInfo = 11,

    /// <summary>Contact (compact form m): RFC 3261 20.10.</summary>
    Contact = 12,

    /// <summary>Content-Disposition: RFC 3261 20.11.</summary>
    ContentDisposition = 13,

    /// <summary>Content-Encoding (compact form e): RFC 3261 20.12.</summary>
    ContentEncoding = 14,

    /// <summary>Content-Language: RFC 3261 20.13.</summary>
    ContentLanguage = 15,

    /// <summary>Content-Length (compact form l): RFC 3261 20.14.</summary>
    ContentLength = 16,

    /// <summary>Content-Type (compact form c): RFC 3261 20.15.</summary>
    ContentType = 17,

    /// <summary>CSeq: RFC 3261 20.16.</summary>
    CSeq = 18,

    /// <summary>Date: RFC 3261 20.17.</summary>
    Date = 19,

    /// <summary>Diversion: RFC 5806.</summary>
    Diversion = 20,

    /// <summary>Error-Info: RFC 3261 20.18.</summary>
    ErrorInfo = 21,

    /// <summary>Event (compact form o): RFC 6665 8.2.1.</summary>
    Event = 22,

    /// <summary>Expires: RFC 3261 20.19.</summary>
    Expires = 23,

    /// <summary>Feature-Caps: RFC 6809.</summary>
    FeatureCaps = 24,

    /// <summary>From (compact form f): RFC 3261 20.20.</summary>
    From = 25,

    /// <summary>Geolocation: RFC 6442.</summary>
    Geolocation = 26,

    /// <summary>History-Info: RFC 7044.</summary>
    HistoryInfo = 27,

    /// <summary>Identity (compact form y): RFC 8224.</summary>
    Identity = 28,

    /// <summary>Identity-Info (compact form n): RFC 4474.</summary>
    IdentityInfo = 29,

    /// <summary>Info-Package: RFC 6086.</summary>
    InfoPackage = 30,

    /// <summary>In-Reply-To: RFC 3261 20.21.</summary>
    InReplyTo = 31,

    /// <summary>Join: RFC 3911.</summary>
    Join = 32,

    /// <summary>Max-Forwards: RFC 3261 20.22.</summary>
    MaxForwards = 33,

    /// <summary>MIME-Version: RFC 3261 20.24.</summary>
    MimeVersion = 34,

    /// <summary>Min-Expires: RFC 3261 20.23.</summary>
    MinExpires = 35,

    /// <summary>Min-SE: RFC 4028 5.</summary>
    MinSE = 36,

    /// <summary>Organization: RFC 3261 20.25.</summary>
    Organization = 37,

    /// <summary>P-Access-Network-Info: RFC 7315.</summary>
    PAccessNetworkInfo = 38,

    /// <summary>P-Asserted-Identity: RFC 3325 9.1.</summary>
    PAssertedIdentity = 39,

    /// <summary>P-Associated-URI: RFC 7315.</summary>
    PAssociatedUri = 40,

    /// <summary>P-Called-Party-ID: RFC 7315.</summary>
    PCalledPartyId = 41,

    /// <summary>P-Charging-Vector: RFC 7315.</summary>
    PChargingVector = 42,

    /// <summary>P-Early-Media: RFC 5009.</summary>
    PEarlyMedia = 43,

    /// <summary>P-Preferred-Identity: RFC 3325 9.2.</summary>
    PPreferredIdentity = 44,

    /// <summary>Path: RFC 3327.</summary>
    Path = 45,

    /// <summary>Priority: RFC 3261 20.26.</summary>
    Priority = 46,

    /// <summary>Privacy: RFC 3323.</summary>
    Privacy = 47,

    /// <summary>Proxy-Authenticate: RFC 3261 20.27.</summary>
    ProxyAuthenticate = 48,

    /// <summary>Proxy-Authorization: RFC 3261 20.28.</summary>
    ProxyAuthorization = 49,

    /// <summary>Proxy-Require: RFC 3261 20.29.</summary>
    ProxyRequire = 50,

    /// <summary>RAck: RFC 3262 7.2.</summary>
    RAck = 51,

    /// <summary>Reason: RFC 3326.</summary>
    Reason = 52,

    /// <summary>Record-Route: RFC 3261 20.30.</summary>
    RecordRoute = 53,

    /// <summary>Recv-Info: RFC 6086.</summary>
    RecvInfo = 54,

    /// <summary>Referred-By (compact form b): RFC 3892.</summary>
    ReferredBy = 55,

    /// <summary>Refer-Sub: RFC 4488.</summary>
    ReferSub = 56,

    /// <summary>Refer-To (compact form r): RFC 3515.</summary>
    ReferTo = 57,

    /// <summary>Reject-Contact (compact form j): RFC 3841.</summary>
    RejectContact = 58,

    /// <summary>Remote-Party-ID: draft-ietf-sip-privacy.</summary>
    RemotePartyId = 59,

    /// <summary>Replaces: RFC 3891.</summary>
    Replaces = 60,

    /// <summary>Reply-To: RFC 3261 20.31.</summary>
    ReplyTo = 61,

    /// <summary>Request-Disposition (compact form d): RFC 3841.</summary>
    RequestDisposition = 62,

    /// <summary>Require: RFC 3261 20.32.</summary>
    Require = 63,

    /// <summary>Retry-After: RFC 3261 20.33.</summary>
    RetryAfter = 64,

    /// <summary>Route: RFC 3261 20.34.</summary>
    Route = 65,

    /// <summary>RSeq: RFC 3262 7.1.</summary>
    RSeq = 66,

    /// <summary>Server: RFC 3261 20.35.</summary>
    Server = 67,

    /// <summary>Service-Route: RFC 3608.</summary>
    ServiceRoute = 68,

    /// <summary>Session-Expires (compact form x): RFC 4028 4.</summary>
    SessionExpires = 69,

    /// <summary>Session-ID: RFC 7989.</summary>
    SessionId = 70,

    /// <summary>SIP-ETag: RFC 3903.</summary>
    SipETag = 71,

    /// <summary>SIP-If-Match: RFC 3903.</summary>
    SipIfMatch = 72,

    /// <summary>Subject (compact form s): RFC 3261 20.36.</summary>
    Subject = 73,

    /// <summary>Subscription-State: RFC 6665 8.2.3.</summary>
    SubscriptionState = 74,

    /// <summary>Supported (compact form k): RFC 3261 20.37.</summary>
    Supported = 75,

    /// <summary>Target-Dialog: RFC 4538.</summary>
    TargetDialog = 76,

    /// <summary>Timestamp: RFC 3261 20.38.</summary>
    Timestamp = 77,

    /// <summary>To (compact form t): RFC 3261 20.39.</summary>
    To = 78,

    /// <summary>Unsupported: RFC 3261 20.40.</summary>
    Unsupported = 79,

    /// <summary>User-Agent: RFC 3261 20.41.</summary>
    UserAgent = 80,

    /// <summary>User-to-User: RFC 7433.</summary>
    UserToUser = 81,

    /// <summary>Via (compact form v): RFC 3261 20.42.</summary>
    Via = 82,

    /// <summary>Warning: RFC 3261 20.43.</summary>
    Warning = 83,

    /// <summary>WWW-Authenticate: RFC 3261 20.44.</summary>
    WwwAuthenticate = 84,
}
