namespace CdrEngine.Storage.Texts;

/// <summary>What a text is of its call.</summary>
[Flags]
internal enum TextFields
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Call-ID, name, URI or user agent.</summary>
    Other = 1,

    /// <summary>Number of the caller, as on the wire.</summary>
    Caller = 2,

    /// <summary>Number of the callee, as on the wire.</summary>
    Callee = 4,

    /// <summary>Number that was dialled.</summary>
    Dialled = 8,

    /// <summary>Number of the caller in full international form.</summary>
    CallerInFull = 16,

    /// <summary>Number of the callee in full international form.</summary>
    CalleeInFull = 32,

    /// <summary><see cref="Calls.Outcomes.CallLabel.CallerName"/>; the other labels follow in their order.</summary>
    FirstLabel = 64,

    /// <summary>All labels.</summary>
    Labels = FirstLabel * ((1 << Calls.Outcomes.CallLabels.Count) - 1),

    /// <summary>Address of the caller or the callee, as <see cref="Sqlite.CallRow.Address(Core.IpAddress)"/> has it, in hexadecimal digits.</summary>
    Address = FirstLabel << Calls.Outcomes.CallLabels.Count,

    /// <summary>What of a Call-ID stands from its first @ on.</summary>
    CallIdHost = Address << 1,

    /// <summary>A character of a Call-ID.</summary>
    CallIdCharacter = Address << 2,

    /// <summary>Fields that groups of days have beside those of segments.</summary>
    OfGroups = Address | CallIdHost | CallIdCharacter,

    /// <summary>Fields whose texts are kept as they are; those of the others in lower case.</summary>
    AsTheyAre = Labels | OfGroups,

    /// <summary>What a text search looks at.</summary>
    Searched = Other | Caller | Callee | Dialled,
}
