using CdrEngine.Api.Access;
using CdrEngine.Api.Access.Audit;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Endpoints;
using CdrEngine.Calls.Ports;

namespace CdrEngine.Api.Dialects.Common;

/// <summary>The parts that the answers of all dialects come from.</summary>
internal sealed class DialectDesk
{
    /// <summary>Settings.</summary>
    public required ApiOptions Options { get; init; }

    /// <summary>Calls by page, by id, by integer id.</summary>
    public required ICallPager Calls { get; init; }

    /// <summary>Calls by cursor.</summary>
    public required ICallReader Reader { get; init; }

    /// <summary>Deletion.</summary>
    public required ICallEraser Eraser { get; init; }

    /// <summary>What clients wrote about calls.</summary>
    public required ICallRemarks Remarks { get; init; }


    /// <summary>Media sessions and recordings.</summary>
    public required ApiMedia Media { get; init; }

    /// <summary>Who is who, as far as the wire cannot tell.</summary>
    public required IApiDirectory Directory { get; init; }

    /// <summary>The calls in progress; none where this process captures nothing.</summary>
    public required ILiveCalls Live { get; init; }

    /// <summary>Registrations, messages and peers; null where none are served.</summary>
    public required ApiDesk? Outside { get; init; }

    /// <summary>What acts on the telephone system; null where nothing does.</summary>
    public required ICallControl? Control { get; init; }

    /// <summary>Conversations.</summary>
    public required ISessionReader Sessions { get; init; }

    /// <summary>Reports and their results; null where none are kept.</summary>
    public required IReportStore? Reports { get; init; }

    /// <summary>Sends reports; null where nothing is mailed.</summary>
    public required IReportMailer? Mailer { get; init; }

    /// <summary>How long results of reports are kept.</summary>
    public required TimeSpan ReportAge { get; init; }

    /// <summary>Whether recordings are made when asked for.</summary>
    public required bool MakesRecordings { get; init; }

    /// <summary>Sound, made and sent.</summary>
    public required RecordingEndpoints Recordings { get; init; }

    /// <summary>Capture files and traces of calls.</summary>
    public required PacketEndpoints Packets { get; init; }

    /// <summary>Capture files and traces of media sessions.</summary>
    public required MediaEndpoints MediaCuts { get; init; }

    /// <summary>The audit.</summary>
    public required RequestAudit Audit { get; init; }

    /// <summary>Places for lists.</summary>
    public required Seats Lists { get; init; }

    /// <summary>Tokens; null where none are asked for.</summary>
    public required TokenStore? Tokens { get; init; }

    /// <summary>Back-off of wrong credentials.</summary>
    public required AccessGate Gate { get; init; }
}
