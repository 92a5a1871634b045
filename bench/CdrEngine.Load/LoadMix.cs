using System.Globalization;

namespace CdrEngine.Load;

/// <summary>Shares of scenarios as text: <c>CallerHangsUp=60,Busy=10</c>.</summary>
public static class LoadMix
{
    /// <summary>Reads such a text. Throws <see cref="FormatException"/>, naming the part, where a name or a share is none.</summary>
    public static IReadOnlyDictionary<Scenario, double> Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var mix = new Dictionary<Scenario, double>();
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? part : part[..equals];
            double share = 1;
            bool known = Enum.TryParse(name, ignoreCase: true, out Scenario scenario) && Enum.IsDefined(scenario);
            bool number = equals < 0 || double.TryParse(part.AsSpan(equals + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out share);
            if (!known || !number || !(share >= 0)) throw new FormatException($"'{part}' is no share of a scenario; write for example {Scenario.Busy}=10");
            mix[scenario] = share;
        }

        if (mix.Values.Sum() <= 0) throw new FormatException("a mix has at least one share above 0");
        return mix;
    }
}
