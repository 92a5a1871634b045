namespace CdrEngine.Calls.Ports;

/// <summary>What is asked of an endpoint, wherever it is set up.</summary>
public static class WebhookCheck
{
    /// <summary>Shortest secret, characters: 128 bits in hexadecimal digits are twice as long.</summary>
    public const int ShortestSecret = 16;

    private const int LongestUrl = 2000;
    private const int LongestSecret = 256;

    /// <summary>What is wrong: which key, and what would be right; null where nothing is. Whether its address may be reached is asked at each connection.</summary>
    public static (string Key, string Problem)? Fault(WebhookEndpoint endpoint, bool allowHttp)
    {
        if (endpoint.Url.Length > LongestUrl || !Uri.TryCreate(endpoint.Url, UriKind.Absolute, out Uri? url) || url.Host.Length == 0 || url.Scheme is not ("https" or "http"))
            return ("url", "it is no address such as https://example.com/hook");
        if (url.Scheme == "http" && !allowHttp) return ("url", "plain http lets anybody on the way read it; use https, or set webhooks.allow-http");
        if (url.UserInfo.Length > 0) return ("url", "user and password do not belong into it; deliveries are signed");
        if (url.Fragment.Length > 0) return ("url", "a fragment (#) is never sent");
        if (endpoint.Secret.Length is < ShortestSecret or > LongestSecret || endpoint.Secret.Any(char.IsControl)) return ("secret", $"it has {ShortestSecret} to {LongestSecret} characters");
        if (endpoint.Events.Count is 0 or > 100) return ("events", "name the events to be sent, for example call.recorded or alert.*");
        foreach (string name in endpoint.Events)
        {
            bool known = name == "*" || LiveEventNames.All.Contains(name) || (name.EndsWith(".*", StringComparison.Ordinal) && LiveEventNames.All.Any(one => one.StartsWith(name[..^1], StringComparison.Ordinal)));
            if (!known) return ("events", $"'{(name.Length > 40 ? name[..40] : name)}' is no event; there are {string.Join(", ", LiveEventNames.All)}, and groups such as call.*");
        }

        return null;
    }
}
