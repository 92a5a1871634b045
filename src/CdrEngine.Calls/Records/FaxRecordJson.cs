using System.Text.Json;

namespace CdrEngine.Calls.Records;

/// <summary>The JSON of a fax: the member <c>fax</c> of a call record, null where there was none.</summary>
public static class FaxRecordJson
{
    /// <summary>Writes the member.</summary>
    public static void Write(Utf8JsonWriter writer, FaxRecord? fax)
    {
        if (fax is null)
        {
            writer.WriteNull("fax"u8);
            return;
        }

        writer.WriteStartObject("fax"u8);
        writer.WriteNumber("pages"u8, fax.Pages);
        writer.WriteString("remote_station"u8, fax.RemoteStation);
        writer.WriteString("local_station"u8, fax.LocalStation);
        writer.WriteNumber("rate"u8, fax.RateBitsPerSecond);
        writer.WriteString("result"u8, EnumNames<FaxResult>.Of(fax.Result));
        writer.WriteBoolean("error_correction"u8, fax.HasErrorCorrection);
        writer.WriteNumber("packets"u8, fax.Packets);
        writer.WriteNumber("lost"u8, fax.Lost);
        writer.WriteNumber("recovered"u8, fax.Recovered);
        writer.WriteNumber("duplicates"u8, fax.Duplicates);
        writer.WriteNumber("image_octets"u8, fax.ImageOctets);
        writer.WriteNumber("media_index"u8, fax.MediaIndex);
        CallRecordJson.WriteTime(writer, "started_at"u8, fax.StartedAt);
        CallRecordJson.WriteTime(writer, "ended_at"u8, fax.EndedAt);
        writer.WriteEndObject();
    }

    /// <summary>Reads what <see cref="Write"/> wrote; null where there is no fax.</summary>
    internal static FaxRecord? Read(StoredValue parent)
    {
        if (!parent.TryGetProperty("fax", out StoredValue fax) || fax.ValueKind != JsonValueKind.Object) return null;
        return new FaxRecord
        {
            Pages = CallRecordJson.Int(fax, "pages"),
            RemoteStation = CallRecordJson.Text(fax, "remote_station"),
            LocalStation = CallRecordJson.Text(fax, "local_station"),
            RateBitsPerSecond = CallRecordJson.Int(fax, "rate"),
            Result = CallRecordJson.Named<FaxResult>(fax, "result"),
            HasErrorCorrection = fax.TryGetProperty("error_correction", out StoredValue corrected) && corrected.ValueKind == JsonValueKind.True,
            Packets = CallRecordJson.Integer(fax, "packets"),
            Lost = CallRecordJson.Integer(fax, "lost"),
            Recovered = CallRecordJson.Integer(fax, "recovered"),
            Duplicates = CallRecordJson.Integer(fax, "duplicates"),
            ImageOctets = CallRecordJson.Integer(fax, "image_octets"),
            MediaIndex = fax.TryGetProperty("media_index", out StoredValue index) && index.ValueKind == JsonValueKind.Number ? index.GetInt32() : -1,
            StartedAt = CallRecordJson.Time(fax, "started_at") ?? default,
            EndedAt = CallRecordJson.Time(fax, "ended_at") ?? default,
        };
    }
}
