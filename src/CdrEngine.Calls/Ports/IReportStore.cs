using CdrEngine.Core;

namespace CdrEngine.Calls.Ports;

/// <summary>Keeps the definitions of reports and what came of them. Any thread; several processes may share it.</summary>
public interface IReportStore
{
    /// <summary>Adds a definition; gives its id, or null where its tenant, or all together, have as many as may be.</summary>
    long? Add(ReportDefinition definition);

    /// <summary>Changes a definition; false where there is none with its id.</summary>
    bool Update(ReportDefinition definition);

    /// <summary>The definition with this id; null where there is none.</summary>
    ReportDefinition? Find(long id);

    /// <summary>Definitions of a tenant (null: all), by id.</summary>
    IReadOnlyList<ReportDefinition> List(string? tenant);

    /// <summary>Removes a definition; what came of it stays. False where there is none.</summary>
    bool Remove(long id);

    /// <summary>Takes the report that is to be made next, for whoever makes it: nobody else gets it before <paramref name="until"/>, or before it is
    /// finished. Null where none is due.</summary>
    /// <param name="now">Those due by now.</param>
    /// <param name="until">Until when it is to be made; later it is taken for abandoned.</param>
    /// <param name="running">Its status meanwhile.</param>
    ReportDefinition? Take(Timestamp now, Timestamp until, string running);

    /// <summary>A report taken was made, or not. Where it was changed meanwhile, when it is due next stays as the change says.</summary>
    /// <param name="definition">As it was taken.</param>
    /// <param name="status">Its status now.</param>
    /// <param name="next">When it is due next; null for never.</param>
    void Finish(ReportDefinition definition, string status, Timestamp? next);

    /// <summary>Adds a result and its file; the tenant's oldest go where there are more than may be.</summary>
    /// <returns>Its id.</returns>
    long Complete(CompletedReport result, ReadOnlyMemory<byte> content);

    /// <summary>Results of a tenant (null: all), by id.</summary>
    IReadOnlyList<CompletedReport> ListCompleted(string? tenant);

    /// <summary>The result with this id; null where there is none.</summary>
    CompletedReport? FindCompleted(long id);

    /// <summary>The result whose file has this key; null where there is none.</summary>
    CompletedReport? FindCompleted(string key);

    /// <summary>The file of a result; null where there is none.</summary>
    byte[]? Content(long id);

    /// <summary>Removes a result and its file; false where there is none.</summary>
    bool RemoveCompleted(long id);

    /// <summary>Removes the results completed before an instant; gives how many.</summary>
    int Purge(Timestamp before);

    /// <summary>The result that is to be mailed next, put off until <paramref name="again"/> at the same time, so that nobody else sends it; null where none
    /// is due.</summary>
    CompletedReport? TakeMail(Timestamp now, Timestamp again);

    /// <summary>A result could not be mailed; it is tried again then.</summary>
    void PutOffMail(long id, Timestamp again);

    /// <summary>A result was mailed, or will never be.</summary>
    void FinishMail(long id);
}

/// <summary>A report that a client defined. What its texts mean is the client's dialect's affair.</summary>
public sealed record ReportDefinition
{
    /// <summary>Id, given by the store.</summary>
    public long Id { get; init; }

    /// <summary>Whose calls it counts; null for everybody's.</summary>
    public string? Tenant { get; init; }

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>What it counts.</summary>
    public required string Type { get; init; }

    /// <summary>Who is sent the result; null for nobody.</summary>
    public string? Email { get; init; }

    /// <summary>Form of the result.</summary>
    public required string Format { get; init; }

    /// <summary>Of which days.</summary>
    public required string Range { get; init; }

    /// <summary>Begin of a range of its own; null for none.</summary>
    public Timestamp? From { get; init; }

    /// <summary>End of a range of its own; null for none.</summary>
    public Timestamp? To { get; init; }

    /// <summary>When it is made, as a crontab has it; null for once.</summary>
    public string? Cron { get; init; }

    /// <summary>Which calls, as JSON.</summary>
    public required string Filter { get; init; }

    /// <summary>How far it is.</summary>
    public required string Status { get; init; }

    /// <summary>When it was defined.</summary>
    public Timestamp CreatedAt { get; init; }

    /// <summary>When it is to be made; null for never.</summary>
    public Timestamp? NextRunAt { get; init; }

    /// <summary>How many times it was changed; counted by the store.</summary>
    public long Revision { get; init; }
}

/// <summary>What came of a report.</summary>
public sealed record CompletedReport
{
    /// <summary>Id, given by the store.</summary>
    public long Id { get; init; }

    /// <summary>Id of its definition, which may be gone.</summary>
    public long ReportId { get; init; }

    /// <summary>Whose calls it counted; null for everybody's.</summary>
    public string? Tenant { get; init; }

    /// <summary>Name of the report.</summary>
    public required string Name { get; init; }

    /// <summary>Type of the report.</summary>
    public required string Type { get; init; }

    /// <summary>Form of the file.</summary>
    public required string Format { get; init; }

    /// <summary>When it was made.</summary>
    public required Timestamp CompletedAt { get; init; }

    /// <summary>Name of the file.</summary>
    public required string FileName { get; init; }

    /// <summary>Size of the file, bytes; set by the store.</summary>
    public long FileSize { get; init; }

    /// <summary>What the file is asked for by: random.</summary>
    public required string Key { get; init; }

    /// <summary>Who is to be sent it; null for nobody.</summary>
    public string? Email { get; init; }

    /// <summary>Times that it was tried to send it.</summary>
    public int MailTries { get; init; }
}

/// <summary>Bounds of what is kept of reports.</summary>
public sealed record ReportLimits
{
    /// <summary>Definitions of one tenant. Default 200.</summary>
    public int DefinitionsPerTenant { get; init; } = 200;

    /// <summary>Definitions together. Default 5,000.</summary>
    public int Definitions { get; init; } = 5_000;

    /// <summary>Results of one tenant; the oldest goes for the newest. Default 500.</summary>
    public int ResultsPerTenant { get; init; } = 500;

    /// <summary>Results together; the oldest go. Default 5,000.</summary>
    public int Results { get; init; } = 5_000;

    /// <summary>Bytes of all files together; the oldest go. Default 4 GiB.</summary>
    public long ResultBytes { get; init; } = 4L << 30;
}

/// <summary>Sends mail.</summary>
public interface IReportMailer
{
    /// <summary>Sends one; throws <see cref="IOException"/> with one line that says why where it cannot.</summary>
    Task SendAsync(ReportMail mail, CancellationToken stop);
}

/// <summary>A mail with a file.</summary>
/// <param name="To">Address of who gets it.</param>
/// <param name="Subject">Subject, one line.</param>
/// <param name="Text">What it says.</param>
/// <param name="FileName">Name of the file.</param>
/// <param name="MediaType">Its media type.</param>
/// <param name="Content">The file.</param>
public sealed record ReportMail(string To, string Subject, string Text, string FileName, string MediaType, byte[] Content);
