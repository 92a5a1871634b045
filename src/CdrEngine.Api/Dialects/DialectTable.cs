using CdrEngine.Api.Dialects.Common;
using CdrEngine.Api.Dialects.FonoUc;
using CdrEngine.Api.Dialects.PortSip;
using CdrEngine.Api.Dialects.Ucom;

namespace CdrEngine.Api.Dialects;

/// <summary>The dialects there are: the one place that names them all.</summary>
internal static class DialectTable
{
    /// <summary>A new instance of each.</summary>
    public static IReadOnlyList<Dialect> All() => [new UcomDialect(), new FonoUcDialect(), new PortSipDialect()];
}
