namespace CdrEngine.Page.Markup;

/// <summary>Pictures of 16 by 16, drawn with lines in the colour of the text around them.</summary>
internal enum Icon
{
    /// <summary>A handset.</summary>
    Phone,

    /// <summary>Ways that part.</summary>
    Branch,

    /// <summary>A heartbeat.</summary>
    Pulse,

    /// <summary>Bars.</summary>
    Chart,

    /// <summary>A bell.</summary>
    Bell,

    /// <summary>A desk phone.</summary>
    Device,

    /// <summary>A speech bubble.</summary>
    Message,

    /// <summary>Two machines.</summary>
    Server,

    /// <summary>A gauge.</summary>
    Gauge,

    /// <summary>A magnifying glass.</summary>
    Search,

    /// <summary>A clock.</summary>
    Clock,

    /// <summary>A funnel.</summary>
    Filter,

    /// <summary>Columns.</summary>
    Columns,

    /// <summary>An arrow into a tray.</summary>
    Download,

    /// <summary>A triangle.</summary>
    Play,

    /// <summary>A cross.</summary>
    Close,

    /// <summary>A tick.</summary>
    Tick,

    /// <summary>A warning.</summary>
    Warning,

    /// <summary>To the left.</summary>
    Left,

    /// <summary>To the right.</summary>
    Right,

    /// <summary>Sun and moon.</summary>
    Theme,

    /// <summary>A door.</summary>
    SignOut,

    /// <summary>Three lines.</summary>
    Menu,

    /// <summary>A pencil.</summary>
    Note,

    /// <summary>Two sheets.</summary>
    Compare,

    /// <summary>A printed page.</summary>
    Fax,
}

/// <summary>Draws icons.</summary>
internal static class Icons
{
    /// <summary>The picture; hidden from screen readers, since words stand beside it.</summary>
    public static Html Draw(this Icon icon) => Html.Of(
        $"""<svg class="icon" viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{Path(icon)}</svg>""");

    private static Html Path(Icon icon) => icon switch
    {
        Icon.Phone => Html.Of($"""<path d="M5.2 2.5 3.4 2.9C2.7 3.1 2.3 3.7 2.4 4.4c.6 4.8 4.4 8.6 9.2 9.2.7.1 1.3-.3 1.5-1l.4-1.8-2.9-1.6-1.4 1.4C7.400 9.800 6.200 8.600 5.400 6.800l1.400-1.400z"/>"""),
        Icon.Branch => Html.Of($"""<circle cx="4" cy="3.500" r="1.500"/><circle cx="4" cy="12.500" r="1.500"/><circle cx="12" cy="5.500" r="1.500"/><path d="M4 5v6M12 7c0 2.500-8 1.500-8 4"/>"""),
        Icon.Pulse => Html.Of($"""<path d="M1.500 8.500h3l1.700-5 3.300 9.500 2-4.500h3"/>"""),
        Icon.Chart => Html.Of($"""<path d="M2.500 13.500h11M4 11V8M8 11V3.500M12 11V6"/>"""),
        Icon.Bell => Html.Of($"""<path d="M4 11V7a4 4 0 0 1 8 0v4l1.200 1.200H2.800zM6.800 14h2.400"/>"""),
        Icon.Device => Html.Of($"""<rect x="2.500" y="2.500" width="11" height="11" rx="1.500"/><path d="M5.500 2.500v11M8 5.500h3M8 8.500h.1M10.900 8.500h.1M8 11h.1M10.900 11h.1"/>"""),
        Icon.Message => Html.Of($"""<path d="M2.500 3.500h11v8h-6l-3 2.500v-2.500h-2z"/>"""),
        Icon.Server => Html.Of($"""<rect x="2.500" y="2.500" width="11" height="4.500" rx="1"/><rect x="2.500" y="9" width="11" height="4.500" rx="1"/><path d="M5 4.700h.1M5 11.200h.1"/>"""),
        Icon.Gauge => Html.Of($"""<path d="M2.500 12.500a6 6 0 1 1 11 0M8 9.500l2.500-3.500"/>"""),
        Icon.Search => Html.Of($"""<circle cx="7" cy="7" r="4.500"/><path d="m10.500 10.500 3 3"/>"""),
        Icon.Clock => Html.Of($"""<circle cx="8" cy="8" r="5.500"/><path d="M8 5v3l2 1.500"/>"""),
        Icon.Filter => Html.Of($"""<path d="M2.500 3.500h11L9.500 8.500v4l-3 1v-5z"/>"""),
        Icon.Columns => Html.Of($"""<rect x="2.500" y="3" width="11" height="10" rx="1"/><path d="M6.200 3v10M9.800 3v10"/>"""),
        Icon.Download => Html.Of($"""<path d="M8 2.500v7M5 7l3 3 3-3M2.500 11.500v2h11v-2"/>"""),
        Icon.Play => Html.Of($"""<path d="M5 3v10l8-5z" fill="currentColor"/>"""),
        Icon.Close => Html.Of($"""<path d="m4 4 8 8M12 4l-8 8"/>"""),
        Icon.Tick => Html.Of($"""<path d="m3 8.500 3.500 3.500L13 4.500"/>"""),
        Icon.Warning => Html.Of($"""<path d="M8 2.500 14 13H2zM8 6.500v3M8 11.200h.1"/>"""),
        Icon.Left => Html.Of($"""<path d="m10 3-5 5 5 5"/>"""),
        Icon.Right => Html.Of($"""<path d="m6 3 5 5-5 5"/>"""),
        Icon.Theme => Html.Of($"""<circle cx="8" cy="8" r="5.500"/><path d="M8 2.500a5.500 5.500 0 0 1 0 11z" fill="currentColor"/>"""),
        Icon.SignOut => Html.Of($"""<path d="M6.500 2.500h-4v11h4M10 5l3 3-3 3M13 8H6"/>"""),
        Icon.Menu => Html.Of($"""<path d="M2.500 4.500h11M2.500 8h11M2.500 11.500h11"/>"""),
        Icon.Note => Html.Of($"""<path d="m3 13 .7-3L11 2.700 13.300 5 6 12.300zM9.500 4.200l2.300 2.300"/>"""),
        Icon.Compare => Html.Of($"""<rect x="2" y="3" width="5" height="10" rx="1"/><rect x="9" y="3" width="5" height="10" rx="1"/>"""),
        Icon.Fax => Html.Of($"""<path d="M4.500 6V2.500h7V6M4.500 11h-2V6h11v5h-2M4.500 9h7v4.500h-7z"/>"""),
        _ => Html.None,
    };
}
