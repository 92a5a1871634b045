using System.Text.Json;
using CdrEngine.Core;

namespace CdrEngine.Calls.Ports;

/// <summary>Reads when something happened to a call from its record as it is stored.</summary>
public static class CallMoments
{
    /// <summary>How far what happens to a call may stand before its start or behind its end: packets of several places are captured in some disorder. Stamps of one capture that differ by more
    /// than ten seconds are a clock that was set, and a call that it was set in is told in one time.</summary>
    public static readonly TimeSpan Disorder = TimeSpan.FromMinutes(1);

    /// <summary>The time; null where it never happened, and of what is no record.</summary>
    /// <param name="json">The record.</param>
    /// <param name="of">What.</param>
    public static Timestamp? Read(ReadOnlySpan<byte> json, MomentOf of)
    {
        ReadOnlySpan<byte> name = of switch { MomentOf.Rang => "rang_at"u8, MomentOf.Answered => "answered_at"u8, _ => "ended_at"u8 };
        try
        {
            var reader = new Utf8JsonReader(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isIt = reader.ValueTextEquals(name);
                reader.Read();
                if (isIt) return reader.TokenType == JsonTokenType.String && reader.TryGetDateTimeOffset(out DateTimeOffset at) ? Timestamp.From(at) : null;
                reader.Skip();
            }

            return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
