using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace CdrEngine.Api.Answers;

/// <summary>Proactive negotiation of the media type (RFC 9110 12.5.1).</summary>
internal static class Negotiation
{
    /// <summary>The offer the client likes best, the earlier one where it does not care; null where it takes none of them.</summary>
    /// <param name="request">The request. Without an Accept header, or with one that does not parse, anything is welcome.</param>
    /// <param name="offers">Media types without parameters, the preferred first.</param>
    public static string? Choose(HttpRequest request, params ReadOnlySpan<string> offers)
    {
        if (request.Headers.Accept.Count == 0 || !MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out IList<MediaTypeHeaderValue>? ranges) || ranges.Count == 0)
            return offers[0];
        string? best = null;
        double bestQuality = 0;
        foreach (string offer in offers)
        {
            double quality = Quality(offer, ranges);
            if (quality <= bestQuality) continue;
            best = offer;
            bestQuality = quality;
        }

        return best;
    }

    /// <summary>Answers that none of the offers is acceptable.</summary>
    public static Task RefuseAsync(HttpContext context, params ReadOnlySpan<string> offers) =>
        Problem.WriteAsync(context, StatusCodes.Status406NotAcceptable, $"This resource comes as {string.Join(", ", offers!)}; the Accept header takes none of them.");

    /// <summary>Whether the client takes one of the offers; where it does not, the request is answered.</summary>
    public static async Task<bool> TakesAsync(HttpContext context, params string[] offers)
    {
        if (Choose(context.Request, offers) is not null) return true;
        await RefuseAsync(context, offers);
        return false;
    }

    // The most specific range that covers the offer decides.
    private static double Quality(string offer, IList<MediaTypeHeaderValue> ranges)
    {
        int slash = offer.IndexOf('/', StringComparison.Ordinal);
        int specificity = -1;
        double quality = 0;
        foreach (MediaTypeHeaderValue range in ranges)
        {
            int now;
            if (range.MatchesAllTypes) now = 0;
            else if (!range.Type.AsSpan().Equals(offer.AsSpan(0, slash), StringComparison.OrdinalIgnoreCase)) continue;
            else if (range.MatchesAllSubTypes) now = 1;
            else if (range.SubType.AsSpan().Equals(offer.AsSpan(slash + 1), StringComparison.OrdinalIgnoreCase)) now = 2;
            else continue;
            if (now <= specificity) continue;
            specificity = now;
            quality = range.Quality ?? 1;
        }

        return quality;
    }
}
