using CdrEngine.Api.Answers;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Endpoints;

/// <summary>The pages of a fax.</summary>
/// <param name="calls">Finds the call.</param>
/// <param name="faxes">Makes the pages; null where nobody does.</param>
/// <param name="downloads">Places and audit.</param>
internal sealed class FaxEndpoints(CallEndpoints calls, IFaxMaker? faxes, Downloads downloads)
{
    public const string TiffType = "image/tiff";
    public const string PdfType = "application/pdf";

    /// <summary><c>GET calls/{id}/fax.tiff</c>.</summary>
    public Task TiffAsync(HttpContext context) => SendAsync(context, FaxForm.Tiff, TiffType, ".tiff");

    /// <summary><c>GET calls/{id}/fax.pdf</c>.</summary>
    public Task PdfAsync(HttpContext context) => SendAsync(context, FaxForm.Pdf, PdfType, ".pdf");

    private async Task SendAsync(HttpContext context, FaxForm form, string mediaType, string ending)
    {
        if (!await Negotiation.TakesAsync(context, mediaType)) return;

        if (await calls.FindAsync(context) is not { } call) return;

        await downloads.WithSeatAsync(context, async packets =>
        {
            // Whole before the first byte goes out: whether there is one, and its length, is not known before. Its size is bounded by its maker.
            using var file = new MemoryStream();
            FaxOutcome outcome = faxes?.Make(call, packets, form, file, context.RequestAborted) ?? new FaxOutcome { Reason = "no_fax" };
            if (outcome.Pages == 0)
            {
                await Problem.WriteAsync(context, StatusCodes.Status404NotFound, $"There are no pages of a fax of this call: {outcome.Reason}.");
                return;
            }

            context.Response.ContentType = mediaType;
            context.Response.ContentLength = file.Length;
            context.Response.Headers.ContentDisposition = $"inline; filename=\"{call.Id}{ending}\"";
            file.Position = 0;
            await downloads.SendAsync(context, call.Id, $"download_fax_{EnumNames<FaxForm>.Of(form)}", call.Tenant, file.CopyTo);
        });
    }
}
