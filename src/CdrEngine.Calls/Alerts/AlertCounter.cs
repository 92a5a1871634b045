using System.ComponentModel;

namespace CdrEngine.Calls.Alerts;

/// <summary>What the evaluation of rules counts.</summary>
public enum AlertCounter
{
    /// <summary>Facts.</summary>
    [Description("calls, registration events and samples that rules were held against")]
    Facts = 0,

    /// <summary>Late facts.</summary>
    [Description("facts that came after later ones had been counted; they count when they come")]
    Late = 1,

    /// <summary>Groups forgotten.</summary>
    [Description("groups of a rule forgotten because there were more than may be")]
    GroupsForgotten = 2,

    /// <summary>Raised.</summary>
    [Description("alerts raised")]
    Raised = 3,

    /// <summary>Cleared.</summary>
    [Description("alerts cleared")]
    Cleared = 4,

    /// <summary>Reminders.</summary>
    [Description("times it was said again that an alert goes on")]
    Reminded = 5,

    /// <summary>Early out.</summary>
    [Description("facts counted before their turn because too many waited")]
    Unsettled = 6,
}
