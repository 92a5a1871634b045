using System.Globalization;
using System.Text.Json;

namespace CdrEngine.Benchmarks.Storage;

/// <summary>How the pages of a list are asked for.</summary>
internal enum PagesBy
{
    /// <summary>By number.</summary>
    Page,

    /// <summary>By how many stand before it.</summary>
    Skip,

    /// <summary>By what the page before says.</summary>
    Key,
}

/// <summary>A page of a list as it was answered.</summary>
/// <param name="Rows">Items on it.</param>
/// <param name="Pages">Pages that there are; null where the list does not tell.</param>
/// <param name="Next">What the next page is asked by; null on the last one, and of lists by number.</param>
internal readonly record struct ListedPage(int Rows, long? Pages, string? Next);

/// <summary>How one API lists: what its paths take and its answers tell.</summary>
/// <param name="Name">The API.</param>
/// <param name="PagesBy">How pages are asked for.</param>
/// <param name="Parameter">Name of the parameter for it.</param>
/// <param name="Size">Items on a page where nothing is said.</param>
/// <param name="Read">Reads an answer.</param>
internal sealed record ListApi(string Name, PagesBy PagesBy, string Parameter, int Size, Func<JsonElement, ListedPage> Read)
{
    public static ListApi Native { get; } = new("native", PagesBy.Key, "cursor", 50, static body => new ListedPage(Count(body, "calls"), null, Text(body, "next_cursor")));

    /// <summary>Lists of the native API beside calls.</summary>
    /// <param name="items">Member of the answers that has the items.</param>
    public static ListApi NativeOf(string items) => Native with { Read = body => new ListedPage(Count(body, items), null, Text(body, "next_cursor")) };

    public static ListApi VonageDevices { get; } = new("vonage", PagesBy.Page, "page", 10, static body => new ListedPage(Count(body, "devices"), body.GetProperty("pages").GetInt64(), null));

    public static ListApi Ucom { get; } = new("ucom", PagesBy.Page, "page", 50, static body => new ListedPage(Count(body, "calls"), null, null));

    public static ListApi Vonage { get; } = new("vonage", PagesBy.Page, "page", 100, static body => new ListedPage(Count(body, "calls"), body.GetProperty("pages").GetInt64(), null));

    public static ListApi FonoUc { get; } = new("fonouc", PagesBy.Key, "startKey", 50, static body =>
    {
        JsonElement[] items = [.. body.GetProperty("data").EnumerateArray()];
        return new ListedPage(items.Length - 1, null, Text(items[^1], "next_start_key"));
    });

    public static ListApi FonoUcRecordings { get; } = new("fonouc", PagesBy.Key, "startKey", 50, static body => new ListedPage(Count(body, "recordings"), null, Text(body, "next_start_key")));

    public static ListApi VoipStudio { get; } = new("voipstudio", PagesBy.Page, "page", 25, static body =>
        new ListedPage(Count(body, "data"), (body.GetProperty("total").GetInt64() + 24) / 25, null));

    public static ListApi PortSip { get; } = new("portsip", PagesBy.Skip, "skip", 100, static body =>
        new ListedPage(Count(body, "items"), (body.GetProperty("count").GetInt64() + 99) / 100, null));

    /// <summary>The path of a page by number, from 1.</summary>
    public string PathOf(string path, long page) =>
        string.Create(CultureInfo.InvariantCulture, $"{path}{(path.Contains('?') ? '&' : '?')}{Parameter}={(PagesBy == PagesBy.Skip ? (page - 1) * Size : page)}");

    /// <summary>The path of the page behind another.</summary>
    public string PathBehind(string path, string next) => $"{path}{(path.Contains('?') ? '&' : '?')}{Parameter}={Uri.EscapeDataString(next)}";

    private static int Count(JsonElement body, string name) => body.GetProperty(name).GetArrayLength();

    private static string? Text(JsonElement body, string name) => body.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

/// <summary>A list of an API with one filter.</summary>
/// <param name="Api">The API.</param>
/// <param name="Filter">The filter, as a table shows it.</param>
/// <param name="Path">A path with values that change from question to question.</param>
internal sealed record ListShape(ListApi Api, string Filter, Func<ListValues, string> Path)
{
    /// <summary>A page by number far in, for lists that do not tell how many there are.</summary>
    public long Far { get; init; } = 40;
}

/// <summary>A call of the archive that is asked for by what names it.</summary>
/// <param name="Id">Its native id.</param>
/// <param name="SipCallId">Its Call-ID.</param>
/// <param name="Number">Its id as VoIPstudio has it.</param>
/// <param name="Text">Its id as PortSIP has it.</param>
internal sealed record KnownCall(string Id, string SipCallId, string Number, string Text);

/// <summary>A conversation of the archive.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Number">Its id as VoIPstudio has it.</param>
internal sealed record KnownChat(string Id, string Number);

/// <summary>Values of filters, drawn anew for every question.</summary>
/// <param name="first">First day of the archive.</param>
/// <param name="days">Its days.</param>
/// <param name="known">Some of its calls.</param>
/// <param name="chats">Some of its conversations.</param>
internal sealed class ListValues(DateOnly first, int days, IReadOnlyList<KnownCall> known, IReadOnlyList<KnownChat> chats)
{
    /// <summary>Source of all values.</summary>
    public Random Random { get; } = new(7);

    /// <summary>The tenant that is asked for, 0 to 19.</summary>
    public int Tenant { get; set; }

    /// <summary>Its account in paths.</summary>
    public string Account => Text(Tenant + 1);

    /// <summary>An extension.</summary>
    public string User => StoredCalls.User(Random);

    /// <summary>An extension of the tenant.</summary>
    public string OwnUser => Text(StoredCalls.FirstUser + (Random.Next(StoredCalls.Users / StoredCalls.Tenants) * StoredCalls.Tenants) + Tenant);

    /// <summary>A number that calls come in by.</summary>
    public string Did => StoredCalls.Did(Random);

    /// <summary>A number outside that nearly never calls twice.</summary>
    public string Outside => $"+49{Random.NextInt64(10_000_000_000):0000000000}";

    /// <summary>One of the archive's calls.</summary>
    public KnownCall Call => known[Random.Next(known.Count)];

    /// <summary>One of the archive's conversations, as VoIPstudio names it.</summary>
    public string Chat => chats[Random.Next(chats.Count)].Number;

    /// <summary>The same by its native id.</summary>
    public string Conversation => chats[Random.Next(chats.Count)].Id;

    /// <summary>Some hour of the archive.</summary>
    public DateTime Hour => first.AddDays(Random.Next(days - 1)).ToDateTime(new TimeOnly(Random.Next(24), 0));

    /// <summary>The last day of the archive, which is not over.</summary>
    public DateTime LastDay => first.AddDays(days - 1).ToDateTime(TimeOnly.MinValue);

    /// <summary>Whole seconds between two bounds.</summary>
    public string Seconds(int least, int most) => Text(Random.Next(least, most));

    /// <summary>Any of some words.</summary>
    public string Any(params string[] words) => words[Random.Next(words.Length)];

    /// <summary>A time as seconds since 1970.</summary>
    public static string Unix(DateTime at) => Text((long)(at - DateTime.UnixEpoch).TotalSeconds);

    /// <summary>A time in RFC 3339.</summary>
    public static string Zulu(DateTime at) => at.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>A time with a blank between.</summary>
    public static string Blank(DateTime at) => at.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
