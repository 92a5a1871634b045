namespace CdrEngine.Protocols.Sip;

/// <summary>Request methods that the engine knows by name. A method of another name is kept as text (<see cref="SipMessage.MethodText"/>).</summary>
public enum SipMethod : byte
{
    /// <summary>Any other method.</summary>
    Unknown = 0,

    /// <summary>INVITE (RFC 3261 13).</summary>
    Invite = 1,

    /// <summary>ACK (RFC 3261 13.2.2.4, 17.1.1.3).</summary>
    Ack = 2,

    /// <summary>BYE (RFC 3261 15).</summary>
    Bye = 3,

    /// <summary>CANCEL (RFC 3261 9).</summary>
    Cancel = 4,

    /// <summary>OPTIONS (RFC 3261 11).</summary>
    Options = 5,

    /// <summary>REGISTER (RFC 3261 10).</summary>
    Register = 6,

    /// <summary>PRACK (RFC 3262).</summary>
    Prack = 7,

    /// <summary>UPDATE (RFC 3311).</summary>
    Update = 8,

    /// <summary>INFO (RFC 6086).</summary>
    Info = 9,

    /// <summary>SUBSCRIBE (RFC 6665).</summary>
    Subscribe = 10,

    /// <summary>NOTIFY (RFC 6665).</summary>
    Notify = 11,

    /// <summary>PUBLISH (RFC 3903).</summary>
    Publish = 12,

    /// <summary>MESSAGE (RFC 3428).</summary>
    Message = 13,

    /// <summary>REFER (RFC 3515).</summary>
    Refer = 14,
}

/// <summary>Names of <see cref="SipMethod"/>.</summary>
public static class SipMethods
{
    private static readonly string[] Texts =
    [
        "", "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK", "UPDATE", "INFO", "SUBSCRIBE", "NOTIFY", "PUBLISH", "MESSAGE", "REFER",
    ];

    /// <summary>The name on the wire; empty for <see cref="SipMethod.Unknown"/>.</summary>
    public static string Name(SipMethod method) => (int)method < Texts.Length ? Texts[(int)method] : "";

    /// <summary>Finds a method by its name; methods are case-sensitive (RFC 3261 7.1), so <c>Invite</c> is <see cref="SipMethod.Unknown"/>.</summary>
    public static SipMethod Find(ReadOnlySpan<byte> name) => name.Length switch
    {
        3 => name[0] switch
        {
            (byte)'A' => name.SequenceEqual("ACK"u8) ? SipMethod.Ack : SipMethod.Unknown,
            (byte)'B' => name.SequenceEqual("BYE"u8) ? SipMethod.Bye : SipMethod.Unknown,
            _ => SipMethod.Unknown,
        },
        4 => name.SequenceEqual("INFO"u8) ? SipMethod.Info : SipMethod.Unknown,
        5 => name[0] switch
        {
            (byte)'P' => name.SequenceEqual("PRACK"u8) ? SipMethod.Prack : SipMethod.Unknown,
            (byte)'R' => name.SequenceEqual("REFER"u8) ? SipMethod.Refer : SipMethod.Unknown,
            _ => SipMethod.Unknown,
        },
        6 => name[0] switch
        {
            (byte)'I' => name.SequenceEqual("INVITE"u8) ? SipMethod.Invite : SipMethod.Unknown,
            (byte)'C' => name.SequenceEqual("CANCEL"u8) ? SipMethod.Cancel : SipMethod.Unknown,
            (byte)'U' => name.SequenceEqual("UPDATE"u8) ? SipMethod.Update : SipMethod.Unknown,
            (byte)'N' => name.SequenceEqual("NOTIFY"u8) ? SipMethod.Notify : SipMethod.Unknown,
            _ => SipMethod.Unknown,
        },
        7 => name[0] switch
        {
            (byte)'O' => name.SequenceEqual("OPTIONS"u8) ? SipMethod.Options : SipMethod.Unknown,
            (byte)'P' => name.SequenceEqual("PUBLISH"u8) ? SipMethod.Publish : SipMethod.Unknown,
            (byte)'M' => name.SequenceEqual("MESSAGE"u8) ? SipMethod.Message : SipMethod.Unknown,
            _ => SipMethod.Unknown,
        },
        8 => name.SequenceEqual("REGISTER"u8) ? SipMethod.Register : SipMethod.Unknown,
        9 => name.SequenceEqual("SUBSCRIBE"u8) ? SipMethod.Subscribe : SipMethod.Unknown,
        _ => SipMethod.Unknown,
    };
}
