using CdrEngine.Api.Dialects.Common;
using CdrEngine.Api.Dialects.FonoUc;
using CdrEngine.Api.Dialects.PortSip;
using CdrEngine.Api.Dialects.Ucom;
using CdrEngine.Api.Dialects.VoipStudio;
using CdrEngine.Api.Dialects.Vonage;

namespace CdrEngine.Api.Dialects;

/// <summary>The dialects there are: the one place that names them all.</summary>
internal static class DialectTable
{
    /// <summary>A new instance of each.</summary>
    public static IReadOnlyList<Dialect> All() => [new UcomDialect(), new FonoUcDialect(), new PortSipDialect(), new VoipStudioDialect(), new VonageDialect()];
}
