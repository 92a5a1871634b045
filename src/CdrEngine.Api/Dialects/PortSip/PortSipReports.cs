using System.Globalization;
using System.Net.Mail;
using System.Text.Json;
using CdrEngine.Api.Dialects.Common;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>What is wrong with a body.</summary>
/// <param name="Member">The member, with a dot before one of an object within.</param>
/// <param name="Problem">What.</param>
internal sealed record PortSipBodyFault(string Member, string Problem);

/// <summary>Definitions of reports: read, checked, shown. Pure.</summary>
internal static class PortSipReports
{
    /// <summary>It is being made, or about to.</summary>
    public const string Running = "RUNNING";

    /// <summary>It waits for its time.</summary>
    public const string Scheduled = "SCHEDULED";

    /// <summary>It was made, and will not be again.</summary>
    public const string Completed = "COMPLETED";

    /// <summary>The last time it could not be made.</summary>
    public const string Failed = "FAILED";

    private const int NameLength = 128;
    private const int EmailLength = 128;
    private const int ValueLength = 128;
    private const int MostNumbers = 200;

    // A day.
    private const long LongestSla = 86_400;

    /// <summary>Every type.</summary>
    public static IReadOnlyList<string> Types { get; } =
    [
        "NORMAL", "EXTENSION_GROUP_CALL_COST", "QUEUE_PERFORMANCE", "QUEUE_DETAILED_STATISTICS", "QUEUE_ABANDONED_CALLS", "QUEUE_SLA_STATISTICS", "QUEUE_BREACHES_SLA_STATISTICS",
        "QUEUE_CALLBACKS", "QUEUE_FAILED_CALLBACKS", "TEAM_QUEUE_GENERAL_STATISTICS", "RING_GROUP_STATISTICS",
    ];

    /// <summary>Every format.</summary>
    public static IReadOnlyList<string> Formats { get; } = ["CSV", "HTML"];

    /// <summary>Every range.</summary>
    public static IReadOnlyList<string> Ranges { get; } = ["TODAY", "YESTERDAY", "LAST_WEEK", "LAST_SEVEN_DAYS", "LAST_MONTH", "LAST_THIRTY_DAYS", "CUSTOM"];

    /// <summary>What a party of a call is to be.</summary>
    public static IReadOnlyList<string> Parties { get; } = ["ANY", "NUMBER", "EXTENSION", "EXTERNAL"];

    /// <summary>Whether a call was answered.</summary>
    public static IReadOnlyList<string> AnswerStates { get; } = ["ANY", "ANSWERED", "UNANSWERED"];

    /// <summary>How the length of a call is bounded.</summary>
    public static IReadOnlyList<string> Durations { get; } = ["ANY", "BETWEEN", "GREATER", "LESS"];

    /// <summary>Every status.</summary>
    public static IReadOnlyList<string> Statuses { get; } = [Running, Scheduled, Completed, Failed];

    /// <summary>Fields that reports are filtered and ordered by.</summary>
    public static IReadOnlyList<PortSipField<ReportDefinition>> Fields { get; } =
    [
        new("id", PortSipKind.Text, static report => NumberText.Of(report.Id)) { Order = static report => (decimal)report.Id, Place = PortSipIds.Place },
        new("name", PortSipKind.Text, static report => report.Name),
        new("type", PortSipKind.Word, static report => report.Type) { Words = Types },
        new("cron_expr", PortSipKind.Text, static report => report.Cron),
        new("status", PortSipKind.Word, static report => report.Status) { Words = Statuses },
    ];

    /// <summary>Fields that results are filtered and ordered by.</summary>
    public static IReadOnlyList<PortSipField<CompletedReport>> CompletedFields { get; } =
    [
        new("id", PortSipKind.Text, static result => NumberText.Of(result.Id)) { Order = static result => (decimal)result.Id, Place = PortSipIds.Place },
        new("name", PortSipKind.Text, static result => result.Name),
        new("type", PortSipKind.Word, static result => result.Type) { Words = Types },
        new("format", PortSipKind.Word, static result => result.Format) { Words = Formats },
        new("completed_at", PortSipKind.Time, static result => PortSipMapping.Time(result.CompletedAt)),
        new("file_name", PortSipKind.Text, static result => result.FileName),
        new("file_size", PortSipKind.Number, static result => (decimal)result.FileSize),
        new("file_url", PortSipKind.Text, static result => UrlOf(result)),
    ];

    /// <summary>A report in a list.</summary>
    public static PortSipReport Item(ReportDefinition report) => new(NumberText.Of(report.Id), report.Name, report.Type, report.Cron, report.Status);

    /// <summary>A report in full.</summary>
    public static PortSipReportDetail Detail(ReportDefinition report) => new(
        NumberText.Of(report.Id),
        report.Name,
        report.Type,
        report.Email,
        report.Format,
        report.Range,
        PortSipMapping.Time(report.From),
        PortSipMapping.Time(report.To),
        report.Cron,
        JsonElement.Parse(report.Filter),
        report.Status);

    /// <summary>A result.</summary>
    public static PortSipCompleted Item(CompletedReport result) => new(
        NumberText.Of(result.Id),
        result.Name,
        result.Type,
        result.Format,
        PortSipMapping.Time(result.CompletedAt)!,
        result.FileName,
        result.FileSize,
        UrlOf(result));

    /// <summary>Reads a body: a new report, or changes to one.</summary>
    /// <param name="body">The body.</param>
    /// <param name="current">The report to change; null for a new one.</param>
    /// <param name="tenant">Tenant of a new one.</param>
    /// <param name="now">Now: a report without a crontab is made at once, also when it is changed.</param>
    /// <param name="fault">What is wrong.</param>
    public static ReportDefinition? Read(Dictionary<string, JsonElement> body, ReportDefinition? current, string? tenant, Timestamp now, out PortSipBodyFault? fault)
    {
        try
        {
            return ReadSound(body, current, tenant, now, out fault);
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, written as an escape, is JSON and no text.
            fault = new PortSipBodyFault("body", "has a text that is not Unicode");
            return null;
        }
    }

    /// <summary>From when to when a report counts; days and weeks in UTC, a week begins on Monday.</summary>
    public static (Timestamp From, Timestamp To) RangeOf(ReportDefinition report, Timestamp now)
    {
        DateTime today = DateTime.SpecifyKind(now.ToDateTime().Date, DateTimeKind.Utc);
        DateTime monday = today.AddDays(-(((int)today.DayOfWeek + 6) % 7));
        DateTime first = new(today.Year, today.Month, 1, 0, 0, 0, DateTimeKind.Utc);
        (DateTime from, DateTime to) = report.Range switch
        {
            "TODAY" => (today, today.AddDays(1)),
            "YESTERDAY" => (today.AddDays(-1), today),
            "LAST_WEEK" => (monday.AddDays(-7), monday),
            "LAST_SEVEN_DAYS" => (today.AddDays(-7), today),
            "LAST_MONTH" => (first.AddMonths(-1), first),
            _ => (today.AddDays(-30), today),
        };
        return report is { Range: "CUSTOM", From: { } start, To: { } end } ? (start, end) : (Timestamp.From(new DateTimeOffset(from)), Timestamp.From(new DateTimeOffset(to)));
    }

    private static ReportDefinition? ReadSound(Dictionary<string, JsonElement> body, ReportDefinition? current, string? tenant, Timestamp now, out PortSipBodyFault? fault)
    {
        var read = new Reader(body, current is null);
        string type = current?.Type ?? read.Word("type", Types, "");
        string? cron = read.Optional("cron_expr", PortSipCron.MaxLength, current?.Cron);
        PortSipCron? times = null;
        if (cron is not null)
        {
            times = PortSipCron.Parse(cron, out string problem);
            if (times is null) read.Refuse("cron_expr", problem);
        }

        string? email = read.Optional("email", EmailLength, current?.Email);
        if (email is not null && !IsAddress(email)) read.Refuse("email", "is no address such as someone@example.com");
        var report = new ReportDefinition
        {
            Id = current?.Id ?? 0,
            Tenant = current is null ? tenant : current.Tenant,
            Name = read.Text("name", NameLength, current?.Name ?? ""),
            Type = type,
            Email = email,
            Format = read.Word("format", Formats, current?.Format ?? ""),
            Range = read.Word("range", Ranges, current?.Range ?? ""),
            From = read.Time("started_at", current?.From),
            To = read.Time("ended_at", current?.To),
            Cron = cron,
            Filter = body.TryGetValue("filter", out JsonElement filter) ? Filter(type, filter, read) : current?.Filter ?? read.Missing("filter", "{}"),
            Status = times is null ? Running : Scheduled,
            CreatedAt = current?.CreatedAt ?? now,
            NextRunAt = times is null ? now : times.Next(now),
            Revision = current?.Revision ?? 0,
        };
        if (report.Range == "CUSTOM")
        {
            if (report.From is null) read.Refuse("started_at", "is asked for where range is CUSTOM");
            if (report.To is null) read.Refuse("ended_at", "is asked for where range is CUSTOM");
            if (report.From >= report.To) read.Refuse("ended_at", "is not after started_at");
        }

        fault = read.Fault;
        return fault is null ? report : null;
    }

    private static string UrlOf(CompletedReport result) => $"/api/blobs/{result.Key}";

    private static bool IsAddress(string text) =>
        !text.Any(static c => char.IsControl(c) || c is ' ' or '<' or '>' or ',' or ';' or '"' or '(' or ')') && MailAddress.TryCreate(text, out MailAddress? address) && address.Address == text && text.All(char.IsAscii);

    private static string Filter(string type, JsonElement filter, Reader outer)
    {
        if (filter.ValueKind != JsonValueKind.Object)
        {
            outer.Refuse("filter", "is no object");
            return "{}";
        }

        // A name given twice counts the last time, as JSON readers have it.
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (JsonProperty member in filter.EnumerateObject()) members[member.Name] = member.Value;
        var read = new Reader(members, isNew: false);
        string json = type == "NORMAL" ? JsonSerializer.Serialize(Normal(read), PortSipJson.Default.PortSipReportFilter) : JsonSerializer.Serialize(Group(read), PortSipJson.Default.PortSipGroupFilter);
        if (read.Fault is { } fault) outer.Refuse($"filter.{fault.Member}", fault.Problem);
        return json;
    }

    private static PortSipReportFilter Normal(Reader read)
    {
        var filter = new PortSipReportFilter
        {
            From = read.Word("from", Parties, "ANY"),
            FromValue = read.Optional("from_value", ValueLength, null),
            To = read.Word("to", Parties, "ANY"),
            ToValue = read.Optional("to_value", ValueLength, null),
            AnswerState = read.Word("answer_state", AnswerStates, "ANY"),
            Duration = read.Word("duration", Durations, "ANY"),
            DurationFrom = read.Seconds("duration_from"),
            DurationTo = read.Seconds("duration_to"),
        };
        if (filter is { From: "NUMBER", FromValue: null }) read.Refuse("from_value", "is asked for where from is NUMBER");
        if (filter is { To: "NUMBER", ToValue: null }) read.Refuse("to_value", "is asked for where to is NUMBER");
        if (filter is { Duration: "BETWEEN" or "GREATER", DurationFrom: null }) read.Refuse("duration_from", $"is asked for where duration is {filter.Duration}");
        if (filter is { Duration: "BETWEEN" or "LESS", DurationTo: null }) read.Refuse("duration_to", $"is asked for where duration is {filter.Duration}");
        if (filter.Duration == "BETWEEN" && filter.DurationFrom > filter.DurationTo) read.Refuse("duration_to", "is less than duration_from");
        return filter;
    }

    private static PortSipGroupFilter Group(Reader read) => new()
    {
        Numbers = read.Numbers("numbers", MostNumbers, ValueLength),
        SlaSeconds = (int)(read.Seconds("sla_seconds", LongestSla) ?? new PortSipGroupFilter().SlaSeconds),
    };

    /// <summary>Takes members of a body and remembers the first that is wrong.</summary>
    private sealed class Reader(Dictionary<string, JsonElement> members, bool isNew)
    {
        public PortSipBodyFault? Fault { get; private set; }

        public void Refuse(string member, string problem) => Fault ??= new PortSipBodyFault(member, problem);

        public T Missing<T>(string member, T fallback)
        {
            Refuse(member, "is missing");
            return fallback;
        }

        public string Text(string member, int most, string fallback)
        {
            if (!members.ContainsKey(member)) return isNew ? Missing(member, fallback) : fallback;
            string? text = Optional(member, most, null);
            if (text is null) Refuse(member, "is empty");
            return text ?? fallback;
        }

        // Null and an empty text take away what was there.
        public string? Optional(string member, int most, string? fallback)
        {
            if (!members.TryGetValue(member, out JsonElement value)) return fallback;
            if (value.ValueKind == JsonValueKind.Null) return null;
            if (value.ValueKind != JsonValueKind.String)
            {
                Refuse(member, "is no text");
                return null;
            }

            string text = value.GetString()!;
            if (text.Length > most) Refuse(member, $"is longer than {most} characters");
            if (text.Any(char.IsControl)) Refuse(member, "has control characters");
            return string.IsNullOrWhiteSpace(text) ? null : text.Trim();
        }

        public string Word(string member, IReadOnlyList<string> words, string fallback)
        {
            if (!members.TryGetValue(member, out JsonElement value)) return isNew ? Missing(member, fallback) : fallback;
            string? word = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
            if (word is not null && words.Contains(word, StringComparer.Ordinal)) return word;
            Refuse(member, $"is none of {string.Join(", ", words)}");
            return fallback;
        }

        public Timestamp? Time(string member, Timestamp? fallback)
        {
            if (!members.ContainsKey(member)) return fallback;
            if (Optional(member, 64, null) is not { } text) return null;
            Timestamp? at = PortSipMapping.ReadTime(text);
            if (at is null) Refuse(member, "is no time such as 2017-07-21T17:32:28Z");
            return at;
        }

        public long? Seconds(string member, long most = WholeSeconds.Max)
        {
            if (!members.TryGetValue(member, out JsonElement value) || value.ValueKind == JsonValueKind.Null) return null;
            if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long seconds) && seconds >= 0 && seconds <= most) return seconds;
            Refuse(member, string.Create(CultureInfo.InvariantCulture, $"is no whole number of seconds from 0 to {most}"));
            return null;
        }

        public IReadOnlyList<string> Numbers(string member, int most, int length)
        {
            if (!members.TryGetValue(member, out JsonElement value) || value.ValueKind == JsonValueKind.Null) return [];
            if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= most)
            {
                var numbers = new List<string>();
                foreach (JsonElement item in value.EnumerateArray())
                {
                    if (item.ValueKind != JsonValueKind.String || item.GetString() is not { Length: > 0 } number || number.Length > length || number.Any(char.IsControl)) break;
                    numbers.Add(number);
                }

                if (numbers.Count == value.GetArrayLength()) return numbers;
            }

            Refuse(member, $"is no list of up to {most} numbers, each a text");
            return [];
        }
    }
}
