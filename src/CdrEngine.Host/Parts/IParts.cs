using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using CdrEngine.Calls.Transcripts;
using CdrEngine.Host.Configuration;

namespace CdrEngine.Host.Parts;

/// <summary>What the commands need of the engine. <see cref="Wiring"/> joins the parts; tests put their own.</summary>
internal interface IParts
{
    /// <summary>Captures that come with the program, for <c>demo</c>.</summary>
    IReadOnlyList<string> DemoCaptures { get; }

    /// <summary>The directory that goes with them.</summary>
    string DemoDirectory { get; }

    /// <summary>Opens the data folder for import.</summary>
    IImportRunner Importer(Settings settings);

    /// <summary>Opens the interfaces and the HEP listener of the settings, and the data folder.</summary>
    /// <exception cref="Commands.CommandException">One of them cannot be opened.</exception>
    ILiveRunner Live(Settings settings);

    /// <summary>Opens what was recorded, for reading.</summary>
    ICallArchive Archive(Settings settings);

    /// <summary>Opens what was recorded outside calls, for reading.</summary>
    IDeskArchive Desk(Settings settings);

    /// <summary>Opens what rules raised, for reading.</summary>
    IAlertArchive Alerts(Settings settings);

    /// <summary>The API over the data folder, not yet listening.</summary>
    IApiServer Server(Settings settings);
}

/// <summary>Reads captures into the data folder. Used once.</summary>
internal interface IImportRunner : IDisposable
{
    /// <summary>How far it is; any thread may look at any time.</summary>
    ImportProgress Progress { get; }

    /// <summary>Reads files and folders (<c>-</c> is standard input) in the order given and returns when every record is written. Files
    /// that cannot be read are faults of the summary, not exceptions. When <paramref name="stop"/> fires it ends in good order. Files that
    /// were all imported before are not read, unless <paramref name="again"/> asks for it.</summary>
    ImportSummary Run(IReadOnlyList<string> paths, CancellationToken stop, bool again = false);
}

/// <summary>Captures live into the data folder. Used once.</summary>
internal interface ILiveRunner : IDisposable
{
    /// <summary>Names of what is read.</summary>
    IReadOnlyList<string> Sources { get; }

    /// <summary>Captures until <paramref name="stop"/> fires, and returns when every record is written.</summary>
    LiveSummary Run(LiveService service, CancellationToken stop);
}

/// <summary>How a live capture stands to the machine it runs on.</summary>
/// <param name="User">User to become once everything is open; null stays who it is.</param>
/// <param name="Alive">Called again and again by the thread that reads, as long as it does; null where nobody watches.</param>
internal sealed record LiveService(string? User = null, Action? Alive = null);

/// <summary>Records and packets at rest.</summary>
internal interface ICallArchive : IDisposable
{
    /// <summary>The records.</summary>
    ICallReader Calls { get; }

    /// <summary>The sessions that the records make.</summary>
    ISessionReader Sessions { get; }

    /// <summary>Writes the packets of a session's calls as one capture; false where there are none.</summary>
    bool WritePcap(SessionRecord session, Stream to);

    /// <summary>Writes the SIP messages of a session's calls as text; false where there are none.</summary>
    bool WriteTrace(SessionRecord session, TextWriter to);

    /// <summary>Writes the recording of a session; null, or why there is none.</summary>
    string? WriteRecording(SessionRecord session, RecordingChannels channels, Stream to, CancellationToken stop);

    /// <summary>The SIP messages of a session's calls in order of capture; empty where there are none.</summary>
    IReadOnlyList<LadderMessage> Messages(SessionRecord session);

    /// <summary>Writes a call's packets as a capture; false where there are none.</summary>
    bool WritePcap(string id, Stream to);

    /// <summary>Writes a call's SIP messages as text; false where there are none.</summary>
    bool WriteTrace(string id, TextWriter to);

    /// <summary>Writes a call's recording, made where it is not there yet; null, or why there is none.</summary>
    string? WriteRecording(string id, RecordingVariant variant, Stream to, CancellationToken stop);

    /// <summary>Writes the pages of a call's fax; the outcome says how many, or why none.</summary>
    FaxOutcome WriteFax(CallRecord call, FaxForm form, Stream to, CancellationToken stop);

    /// <summary>A call's SIP messages in order of capture; empty where there are none.</summary>
    IReadOnlyList<LadderMessage> Messages(string id);
}

/// <summary>Registrations, messages and peers at rest.</summary>
internal interface IDeskArchive : IDisposable
{
    /// <summary>Registrations, peers and mailboxes.</summary>
    IRegistrationReader Registrations { get; }

    /// <summary>Messages and conversations.</summary>
    IMessageReader Messages { get; }

    /// <summary>Packets of a registration's last exchange.</summary>
    ICallPackets RegistrationPackets { get; }

    /// <summary>Packets of a message.</summary>
    ICallPackets MessagePackets { get; }
}

/// <summary>Alerts at rest.</summary>
internal interface IAlertArchive : IDisposable
{
    /// <summary>The alerts.</summary>
    IAlertStore Alerts { get; }
}

/// <summary>REST and the web page.</summary>
internal interface IApiServer : IAsyncDisposable
{
    /// <summary>Starts to listen.</summary>
    /// <exception cref="Commands.CommandException">The address cannot be used.</exception>
    Task<ApiStart> StartAsync(CancellationToken stop);

    /// <summary>Stops listening; requests under way may end.</summary>
    Task StopAsync();
}

/// <summary>What <see cref="IApiServer.StartAsync"/> tells.</summary>
/// <param name="Url">Where it listens.</param>
/// <param name="NewAdminToken">The administrator's token where this start made it, to be shown once; else null.</param>
internal sealed record ApiStart(string Url, string? NewAdminToken);
