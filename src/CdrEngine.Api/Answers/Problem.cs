using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace CdrEngine.Api.Answers;

/// <summary>Errors as problem details (RFC 9457).</summary>
internal static class Problem
{
    public const string MediaType = "application/problem+json";

    /// <summary>Type of a problem with one parameter, which the member <c>parameter</c> names.</summary>
    public const string ParameterType = "urn:cdrengine:problem:parameter";

    /// <summary>Answers with a problem, or in the form of the dialect that was asked.</summary>
    /// <param name="context">The request; nothing of the answer is sent yet.</param>
    /// <param name="status">Status.</param>
    /// <param name="detail">What is wrong, for people.</param>
    /// <param name="parameter">The parameter it is about; null where it is about none.</param>
    public static Task WriteAsync(HttpContext context, int status, string detail, string? parameter = null)
    {
        if (context.Features.Get<IErrorForm>() is { } form) return form.WriteAsync(context, status, detail, parameter);
        var body = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(body))
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, parameter is null ? "about:blank" : ParameterType);
            writer.WriteString("title"u8, Title(status));
            writer.WriteNumber("status"u8, status);
            writer.WriteString("detail"u8, detail);
            if (parameter is not null) writer.WriteString("parameter"u8, parameter);
            writer.WriteEndObject();
        }

        context.Response.StatusCode = status;
        return Body.WriteAsync(context, MediaType, body.WrittenMemory);
    }

    /// <summary>The usual words for a status, or a number where there are none.</summary>
    public static string Title(int status) => ReasonPhrases.GetReasonPhrase(status) is { Length: > 0 } phrase ? phrase : status.ToString(CultureInfo.InvariantCulture);
}

/// <summary>How errors look where they are no problem details. A feature of the request.</summary>
internal interface IErrorForm
{
    /// <summary>Answers with an error; as <see cref="Problem.WriteAsync"/>.</summary>
    Task WriteAsync(HttpContext context, int status, string detail, string? parameter);
}

/// <summary>Answers whose length is known.</summary>
internal static class Body
{
    public static async Task WriteAsync(HttpContext context, string mediaType, ReadOnlyMemory<byte> body)
    {
        context.Response.ContentType = mediaType;
        context.Response.ContentLength = body.Length;

        // RFC 9110 9.3.2: HEAD has the header fields of GET and no content.
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
