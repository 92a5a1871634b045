using CdrEngine.Core;

namespace CdrEngine.Calls.Ports;

/// <summary>Keeps whom events are sent to, what waits to be sent, and what could not be. Any thread; several processes may share it.</summary>
public interface IWebhookStore
{
    /// <summary>All endpoints, by id.</summary>
    IReadOnlyList<WebhookStatus> Endpoints();

    /// <summary>The endpoint with this id; null where there is none.</summary>
    WebhookStatus? Find(string id);

    /// <summary>Adds an endpoint, or puts it in place of the one with its id; false where there are as many as may be.</summary>
    bool Put(WebhookEndpoint endpoint);

    /// <summary>Removes an endpoint with all that waits for it and its dead letters; false where there is none.</summary>
    bool Remove(string id);

    /// <summary>Notes how it went last.</summary>
    void Note(string id, WebhookHealth health);

    /// <summary>Takes an endpoint for this process until an instant: nobody else sends to it. False where somebody else has it.</summary>
    bool Hold(string id, string owner, Timestamp now, Timestamp until);

    /// <summary>Gives an endpoint back that this process held.</summary>
    void Release(string id, string owner);

    /// <summary>Puts events in line, in order. Gives how many found no room: those are not kept.</summary>
    int Add(IReadOnlyList<WebhookDelivery> deliveries);

    /// <summary>What is due: of each thing the oldest delivery alone, in order of age.</summary>
    IReadOnlyList<WebhookDelivery> Due(string endpoint, Timestamp now, int limit);

    /// <summary>When something is due next; null where nothing waits.</summary>
    Timestamp? NextDue(string endpoint);

    /// <summary>Notes what became of attempts, all together or not at all.</summary>
    void Settle(IReadOnlyList<WebhookOutcome> outcomes);

    /// <summary>Dead letters, the newest first.</summary>
    /// <param name="endpoint">Of this endpoint; null for all.</param>
    /// <param name="before">Only those with a smaller id; null from the newest on.</param>
    /// <param name="limit">Most.</param>
    IReadOnlyList<DeadLetter> DeadLetters(string? endpoint, long? before, int limit);

    /// <summary>The dead letter with this id, with its body; null where there is none.</summary>
    DeadLetter? FindDeadLetter(long id);

    /// <summary>Puts dead letters in line again, due at once: one, or all of an endpoint. Gives how many.</summary>
    int Resend(string? endpoint, long? id, Timestamp now);

    /// <summary>Removes dead letters: one, or all of an endpoint. Gives how many.</summary>
    int RemoveDeadLetters(string? endpoint, long? id);

    /// <summary>Removes dead letters that died before an instant.</summary>
    int Purge(Timestamp before);
}

/// <summary>Whom events are sent to.</summary>
public sealed record WebhookEndpoint
{
    /// <summary>Its id: letters, digits, hyphens.</summary>
    public required string Id { get; init; }

    /// <summary>Where to.</summary>
    public required string Url { get; init; }

    /// <summary>What deliveries are signed with.</summary>
    public required string Secret { get; init; }

    /// <summary>Names of events; <c>call.*</c> for all that begin so, <c>*</c> for all.</summary>
    public required IReadOnlyList<string> Events { get; init; }

    /// <summary>Only events of this tenant; null for all.</summary>
    public string? Tenant { get; init; }

    /// <summary>Whether anything is sent.</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary>Whether it is in the settings, and so not changed otherwise.</summary>
    public bool IsFromSettings { get; init; }

    /// <summary>In words of who made it.</summary>
    public string? Description { get; init; }

    /// <summary>When it was made.</summary>
    public Timestamp CreatedAt { get; init; }

    /// <summary>Whether it wants an event of this name.</summary>
    public bool Wants(string name) => Events.Any(wanted => wanted == "*" || wanted == name || (wanted.EndsWith(".*", StringComparison.Ordinal) && name.StartsWith(wanted[..^1], StringComparison.Ordinal)));
}

/// <summary>How sending to an endpoint goes.</summary>
public sealed record WebhookHealth
{
    /// <summary>Attempts that failed in a row.</summary>
    public int Failures { get; init; }

    /// <summary>Nothing is sent until then; null where it is.</summary>
    public Timestamp? OpenUntil { get; init; }

    /// <summary>Last attempt.</summary>
    public Timestamp? LastAt { get; init; }

    /// <summary>Status of its answer; null where none came.</summary>
    public int? LastStatus { get; init; }

    /// <summary>What was wrong; null where nothing was.</summary>
    public string? LastError { get; init; }
}

/// <summary>An endpoint and how it stands.</summary>
/// <param name="Endpoint">It.</param>
/// <param name="Health">How it went last.</param>
/// <param name="Waiting">Deliveries that wait.</param>
/// <param name="Dead">Dead letters.</param>
public sealed record WebhookStatus(WebhookEndpoint Endpoint, WebhookHealth Health, long Waiting, long Dead);

/// <summary>An event on its way to an endpoint.</summary>
public sealed record WebhookDelivery
{
    /// <summary>Id, given by the store: rises.</summary>
    public long Id { get; init; }

    /// <summary>Id of the endpoint.</summary>
    public required string Endpoint { get; init; }

    /// <summary>What it is about: events of the same thing are sent in order.</summary>
    public required string Thing { get; init; }

    /// <summary>Name of the event.</summary>
    public required string Event { get; init; }

    /// <summary>When it was put in line.</summary>
    public required Timestamp CreatedAt { get; init; }

    /// <summary>Attempts so far.</summary>
    public int Attempts { get; init; }

    /// <summary>JSON, UTF-8.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }
}

/// <summary>What became of an attempt.</summary>
/// <param name="Id">Of the delivery.</param>
/// <param name="RetryAt">When it is tried again; null where it is not.</param>
/// <param name="Error">What was wrong; null where it arrived.</param>
/// <param name="Status">Status of the answer; null where none came.</param>
/// <param name="At">When.</param>
public readonly record struct WebhookOutcome(long Id, Timestamp? RetryAt, string? Error, int? Status, Timestamp At);

/// <summary>An event that could not be delivered.</summary>
/// <param name="Delivery">It.</param>
/// <param name="DiedAt">When it was given up.</param>
/// <param name="Status">Status of the last answer; null where none came.</param>
/// <param name="Error">What was wrong.</param>
public sealed record DeadLetter(WebhookDelivery Delivery, Timestamp DiedAt, int? Status, string Error);

/// <summary>Bounds of what is kept for webhooks.</summary>
public sealed record WebhookLimits
{
    /// <summary>Endpoints. Default 100.</summary>
    public int Endpoints { get; init; } = 100;

    /// <summary>Deliveries that wait for one endpoint. Default 50,000; further ones are dropped.</summary>
    public int Waiting { get; init; } = 50_000;

    /// <summary>Dead letters of one endpoint. Default 10,000; the oldest go.</summary>
    public int Dead { get; init; } = 10_000;
}
