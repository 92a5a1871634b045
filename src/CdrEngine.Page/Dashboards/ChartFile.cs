using System.Text;
using System.Text.RegularExpressions;
using CdrEngine.Page.Markup;

namespace CdrEngine.Page.Dashboards;

/// <summary>A chart of a page as a file: its drawings one below the other, with the style they need.</summary>
internal static partial class ChartFile
{
    private const string Style =
        "svg{font-family:system-ui,sans-serif}text{font-size:10px;fill:#596273}.grid{stroke:#e0e4ea}.reach{fill:none}.c-good{fill:#2a9960}.c-mild{fill:#a3adbb}.c-bad{fill:#d3453b}"
        + ".line{fill:none;stroke-width:1.8;stroke:#0f766e}.line.s3{stroke:#1d5fb8}.dot{fill:#0f766e}.dot.s3{fill:#1d5fb8}.heat{fill:#0f766e}";

    private const double Height = 230;

    /// <summary>The file. What is drawn was escaped where it was drawn.</summary>
    public static byte[] Of(Html chart)
    {
        var text = new StringBuilder();
        Match[] drawings = [.. Drawings().Matches(chart.ToString()).Cast<Match>()];
        text.Append(System.Globalization.CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 660 {Height * drawings.Length}\" width=\"1320\"><style>{Style}</style><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>");
        for (int i = 0; i < drawings.Length; i++)
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"<svg x=\"10\" y=\"{(i * Height) + 10}\" width=\"640\" height=\"{Height - 20}\"").Append(drawings[i].Value.AsSpan("<svg".Length));
        return Encoding.UTF8.GetBytes(text.Append("</svg>\n").ToString());
    }

    [GeneratedRegex("<svg .*?</svg>", RegexOptions.Singleline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Drawings();
}
