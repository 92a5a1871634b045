namespace CdrEngine.Calls.Alerts;

// The values of these enumerations are stored and served: they only ever grow, and no value is used again.

/// <summary>What a rule watches.</summary>
public enum AlertKind
{
    /// <summary>Share of calls whose worst stream has a MOS below a limit.</summary>
    MosLow = 0,

    /// <summary>Share of answered calls with one-way audio.</summary>
    OneWayAudio = 1,

    /// <summary>Share of calls that failed or got no response.</summary>
    Failures = 2,

    /// <summary>Share of answered calls that were over within a limit.</summary>
    ShortCalls = 3,

    /// <summary>Calls at one time.</summary>
    ConcurrentCalls = 4,

    /// <summary>Registrations that ran out and did not come back.</summary>
    RegistrationLoss = 5,

    /// <summary>Attempts to register that failed, or made new registrations.</summary>
    RegistrationFlood = 6,

    /// <summary>Calls to numbers that begin with one of the rule's prefixes.</summary>
    RiskyPrefix = 7,

    /// <summary>Longest run of neighbouring numbers that one caller dialled.</summary>
    SequentialDialling = 8,

    /// <summary>What calls cost in the window, as a multiple of what they cost in such a time before.</summary>
    UnusualSpend = 9,

    /// <summary>Share of packets that the capture lost.</summary>
    CaptureLoss = 10,

    /// <summary>Share of calls whose post-dial delay was over a limit.</summary>
    SlowSetup = 11,

    /// <summary>Share of calls that were answered (ASR), where it is too low.</summary>
    LowAnswerRate = 12,
}

/// <summary>How urgent an alert is.</summary>
public enum AlertSeverity
{
    /// <summary>Worth knowing.</summary>
    Info = 0,

    /// <summary>Worth a look today.</summary>
    Warning = 1,

    /// <summary>Worth a look now.</summary>
    Critical = 2,
}

/// <summary>Where an alert is.</summary>
public enum AlertState
{
    /// <summary>It goes on, and nobody has taken it.</summary>
    Raised = 0,

    /// <summary>It goes on, and somebody knows.</summary>
    Acknowledged = 1,

    /// <summary>It is over.</summary>
    Cleared = 2,
}

/// <summary>By what a rule tells calls apart: it counts each combination by itself.</summary>
[Flags]
public enum AlertScope
{
    /// <summary>By nothing: all together.</summary>
    None = 0,

    /// <summary>By tenant of the directory.</summary>
    Tenant = 1 << 0,

    /// <summary>By trunk of the directory.</summary>
    Trunk = 1 << 1,

    /// <summary>By address of the callee; of registrations, that of the registrar.</summary>
    Peer = 1 << 2,

    /// <summary>By number of the caller; of registrations, the address of record.</summary>
    Caller = 1 << 3,

    /// <summary>By user of the directory who called.</summary>
    User = 1 << 4,

    /// <summary>By address of the caller or of the device; of the capture, its source.</summary>
    Source = 1 << 5,
}

/// <summary>What became of an alert.</summary>
public enum AlertStep
{
    /// <summary>It was raised.</summary>
    Raised = 0,

    /// <summary>Its figures are others; nobody is to be told.</summary>
    Updated = 1,

    /// <summary>It still goes on, and it is time to say so again.</summary>
    Reminded = 2,

    /// <summary>It is over.</summary>
    Cleared = 3,
}
