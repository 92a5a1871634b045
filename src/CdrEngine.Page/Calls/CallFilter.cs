using System.Globalization;
using CdrEngine.Api.Queries;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Markup;
using CdrEngine.Page.Shell;

namespace CdrEngine.Page.Calls;

/// <summary>What the list of calls is narrowed to, as the address of the page says it: whoever is sent the address sees the same view.</summary>
internal sealed record CallFilter
{
    /// <summary>The query, without order, page and viewer.</summary>
    public CallQuery Query { get; private init; } = new();

    /// <summary>What of it is in force: name, words, and the address without it.</summary>
    public IReadOnlyList<(string Name, Html Value, string Without)> InForce { get; private init; } = [];

    /// <summary>What is wrong with it, each in a sentence. Where there is something the list stays empty: a filter that was not understood would show other calls than were meant.</summary>
    public IReadOnlyList<string> Problems { get; private init; } = [];

    /// <summary>Names of parameters that choose calls.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["q", "when", "from", "to", "caller", "callee", "address", "disposition", "direction", "context", "trunk", "status", "cause", "codec", "mos", "flags", "min", "max", "session", "tenant"];

    /// <summary>Reads the address.</summary>
    public static CallFilter Read(PageRequest request)
    {
        var reader = new Reader(request);
        reader.Search();
        reader.Time();
        reader.Text("caller", "Caller", static (query, value) => query with { Caller = value });
        reader.Text("callee", "Callee", static (query, value) => query with { Callee = value });
        reader.Text("trunk", "Trunk", static (query, value) => query with { Trunk = value });
        reader.Codes("status", "Final status", 699, "SIP status such as 486", static code => code == 0 ? Html.Of($"none seen") : Html.Of($"{code}"), static (query, code) => query with { SipStatuses = [.. query.SipStatuses, code] });
        reader.Codes("cause", "Cause", 127, "cause of Q.850 such as 17", static code => code == 0 ? Html.Of($"none told") : Html.Of($"{code} {Q850.Text(code)}"), static (query, code) => query with { Causes = [.. query.Causes, code] });
        reader.Text("codec", "Codec", static (query, value) => query with { Codec = value });
        reader.Text("session", "Session", static (query, value) => query with { SessionId = value });
        if (request.Viewer.Tenant is null) reader.Text("tenant", "Tenant", static (query, value) => query with { Tenant = value });
        reader.Address();
        reader.Each<Disposition>("disposition", "Outcome", Words.Of, static (query, value) => query with { Dispositions = [.. query.Dispositions, value] });
        reader.Each<CallDirection>("direction", "Direction", static value => Words.Plain(EnumNames<CallDirection>.Of(value)), static (query, value) => query with { Directions = [.. query.Directions, value] });
        reader.Each<CallContext>("context", "Kind", static value => Words.Plain(EnumNames<CallContext>.Of(value)), static (query, value) => query with { Context = value });
        reader.Each<CallFlags>("flags", "Noticed", Words.Of, static (query, value) => query with { Flags = query.Flags | value });
        reader.Mos();
        reader.Length("min", "Lasted at least", static (query, value) => query with { DurationMin = value });
        reader.Length("max", "Lasted at most", static (query, value) => query with { DurationMax = value });
        return new CallFilter { Query = reader.Query with { Tenant = request.Viewer.Tenant ?? reader.Query.Tenant }, InForce = reader.InForce, Problems = reader.Problems };
    }

    /// <summary>Reads a length of time as people write it: <c>90</c> (seconds), <c>90s</c>, <c>2m</c>, <c>1h</c>, <c>1:30</c>; null where it is none.</summary>
    public static TimeSpan? Length(string text)
    {
        text = text.Trim().ToLowerInvariant();
        if (text.Split(':') is [var minutes, var seconds] && Whole(minutes) is { } m && Whole(seconds) is { } s and < 60) return TimeSpan.FromSeconds((m * 60) + s);
        int digits = text.TakeWhile(static c => char.IsAsciiDigit(c) || c == '.').Count();
        if (!double.TryParse(text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) || number > 1e9) return null;
        return text[digits..].Trim() switch
        {
            "" or "s" or "sec" or "second" or "seconds" => TimeSpan.FromSeconds(number),
            "ms" => TimeSpan.FromMilliseconds(number),
            "m" or "min" or "minute" or "minutes" => TimeSpan.FromMinutes(number),
            "h" or "hour" or "hours" => TimeSpan.FromHours(Math.Min(number, 1e6)),
            _ => null,
        };
    }

    /// <summary>Reads an instant: as the API writes it, or as the browser's picker does, in the viewer's zone without saying so; null where it is none.</summary>
    public static Timestamp? Moment(string text, TimeZoneInfo zone)
    {
        if (ValueText.Time(text, out Timestamp instant) is null) return instant;
        return DateTime.TryParseExact(text, ["yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd"], CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime local) && local.Year is >= 1970 and <= 2200
            ? TimeWords.Utc(local, zone)
            : null;
    }

    private static long? Whole(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number < 1_000_000 ? number : null;

    private sealed class Reader(PageRequest request)
    {
        private readonly Place _here = Place.Of(request.Context.Request).Without("cursor", "after", "before", "totals");
        private readonly List<(string, Html, string)> _inForce = [];
        private readonly List<string> _problems = [];

        public CallQuery Query { get; private set; } = new();

        public IReadOnlyList<(string, Html, string)> InForce => _inForce;

        public IReadOnlyList<string> Problems => _problems;

        // One field for what people look for: an address, a number, or a part of anything.
        public void Search()
        {
            if (request.Query("q")?.Trim() is not { Length: > 0 } text) return;
            string without = _here.Without("q").ToString();
            if (IpAddress.TryParse(text, out IpAddress address))
            {
                Query = Query with { Address = address };
                Add("Address", Html.Of($"{address}"), without);
            }
            else if (Number(text) is { } number)
            {
                Query = Query with { Number = number };
                Add("Number", number.EndsWith('*') ? Html.Of($"begins with {number[..^1]}") : Html.Of($"{number}"), without);
            }
            else
            {
                Query = Query with { Text = text };
                Add("Text", Html.Of($"has “{Html.Wire(text)}”"), without);
            }
        }

        public void Time()
        {
            DateTimeOffset now = request.Desk.Options.Time.GetUtcNow();
            if (request.Query("when") is { } words)
            {
                if (TimeWords.Read(words, now, request.Viewer.Zone) is { } range)
                {
                    Query = Query with { From = range.From, To = range.To };
                    Add("Time", Html.Of($"{words}"), _here.Without("when").ToString());
                }
                else
                {
                    _problems.Add($"Time: “{words}” is not understood. Try “last 2 hours”, “today”, “yesterday 9-12”, “monday 14:30” or “2026-11-20 10:00 - 11:00”.");
                }

                return;
            }

            if (Moment("from", "From") is { } from) Query = Query with { From = from };
            if (Moment("to", "Until") is { } to) Query = Query with { To = to };
        }

        public void Text(string name, string title, Func<CallQuery, string, CallQuery> set)
        {
            if (request.Query(name)?.Trim() is not { Length: > 0 } value) return;
            Query = set(Query, value);
            Add(title, Html.Wire(value), _here.Without(name).ToString());
        }

        public void Address()
        {
            if (request.Query("address")?.Trim() is not { Length: > 0 } value) return;
            if (IpAddress.TryParse(value, out IpAddress address))
            {
                Query = Query with { Address = address };
                Add("Address", Html.Of($"{address}"), _here.Without("address").ToString());
            }
            else
            {
                _problems.Add($"Address: “{value}” is no IP address such as 192.0.2.1 or 2001:db8::1.");
            }
        }

        public void Each<TEnum>(string name, string title, Func<TEnum, string> words, Func<CallQuery, TEnum, CallQuery> add)
            where TEnum : struct, Enum
        {
            foreach (string value in request.Values(name))
            {
                if (EnumNames<TEnum>.TryParse(value, out TEnum known))
                {
                    Query = add(Query, known);
                    Add(title, Html.Of($"{words(known)}"), _here.WithoutValue(name, value).ToString());
                }
                else
                {
                    _problems.Add($"{title}: there is no “{value}”.");
                }
            }
        }

        public void Codes(string name, string title, int most, string example, Func<int, Html> words, Func<CallQuery, int, CallQuery> add)
        {
            foreach (string value in request.Values(name))
            {
                if (ValueText.Whole(value, 0, most, out int code) is null)
                {
                    Query = add(Query, code);
                    Add(title, words(code), _here.WithoutValue(name, value).ToString());
                }
                else
                {
                    _problems.Add($"{title}: “{value}” is no {example}.");
                }
            }
        }

        public void Mos()
        {
            if (request.Query("mos") is not { } value) return;
            if (ValueText.Number(value, 0, 5, out double mos) is null)
            {
                Query = Query with { MosBelow = mos };
                Add("MOS", Html.Of($"below {Words.Number(mos, 1)}"), _here.Without("mos").ToString());
            }
            else
            {
                _problems.Add($"MOS: “{value}” is no number from 0 to 5.");
            }
        }

        public void Length(string name, string title, Func<CallQuery, TimeSpan, CallQuery> set)
        {
            if (request.Query(name) is not { } value) return;
            if (CallFilter.Length(value) is { } span)
            {
                Query = set(Query, span);
                Add(title, Html.Of($"{Words.Span(span)}"), _here.Without(name).ToString());
            }
            else
            {
                _problems.Add($"{title}: “{value}” is no length of time such as 90, 2m or 1:30.");
            }
        }

        // What is written like a number of telephones is one; a star at the end comes by itself, because one types from the front.
        private static string? Number(string text)
        {
            string digits = string.Concat(text.Where(static c => c is not (' ' or '/' or '(' or ')' or '-' or '.')));
            bool isNumber = digits.Length >= 2 && digits.TrimStart('+').TrimEnd('*') is { Length: > 0 } rest && rest.All(static c => char.IsAsciiDigit(c) || c == '#');
            return !isNumber ? null : digits.EndsWith('*') ? digits : digits + '*';
        }

        private Timestamp? Moment(string name, string title)
        {
            if (request.Query(name) is not { } value) return null;
            if (CallFilter.Moment(value, request.Viewer.Zone) is not { } at)
            {
                _problems.Add($"{title}: “{value}” is no time such as 2026-11-20T10:00.");
                return null;
            }

            Add(title, Words.Time(at, request.Viewer.Zone), _here.Without(name).ToString());
            return at;
        }

        private void Add(string name, Html value, string without) => _inForce.Add((name, value, without));
    }
}
