using System.ComponentModel;

namespace CdrEngine.Host.Webhooks;

/// <summary>What webhooks count.</summary>
internal enum WebhookCounter
{
    /// <summary>Queued.</summary>
    [Description("events put in line for an endpoint")]
    Queued = 0,

    /// <summary>Dropped.</summary>
    [Description("events for an endpoint dropped because too many waited for it (webhooks.queue)")]
    Dropped = 1,

    /// <summary>Missed.</summary>
    [Description("times events were missed because the pump was too slow or the store did not take them")]
    Missed = 2,

    /// <summary>Delivered.</summary>
    [Description("deliveries that arrived")]
    Delivered = 3,

    /// <summary>Failed.</summary>
    [Description("attempts that failed and are made again")]
    Failed = 4,

    /// <summary>Dead.</summary>
    [Description("deliveries given up: dead letters")]
    Dead = 5,

    /// <summary>Circuits.</summary>
    [Description("times an endpoint was left alone after failures in a row")]
    CircuitOpened = 6,

    /// <summary>Gone.</summary>
    [Description("endpoints switched off because they answered 410 Gone")]
    Gone = 7,

    /// <summary>Faults.</summary>
    [Description("times the store of webhooks failed")]
    StoreFailures = 8,
}
