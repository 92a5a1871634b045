using System.Text.Json;
using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Sessions;

/// <summary>The JSON of a session. Members are always there and only ever grow at the end.</summary>
public static class SessionRecordJson
{
    /// <summary>Writes one session as one object.</summary>
    /// <param name="session">The session.</param>
    /// <param name="writer">Where to.</param>
    /// <param name="rounding">How billable time of its calls becomes seconds.</param>
    /// <param name="withCalls">True for the whole records of its calls, false for their ids alone.</param>
    public static void Write(SessionRecord session, Utf8JsonWriter writer, BillsecRounding rounding, bool withCalls)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, session.Id);
        writer.WriteString("kind"u8, EnumNames<SessionKind>.Of(session.Kind));
        writer.WriteString("disposition"u8, EnumNames<Disposition>.Of(session.Disposition));
        CallRecordJson.WriteTime(writer, "started_at"u8, session.StartedAt);
        CallRecordJson.WriteTime(writer, "answered_at"u8, session.AnsweredAt);
        CallRecordJson.WriteTime(writer, "ended_at"u8, session.EndedAt);
        CallRecordJson.WriteSpan(writer, "duration_ms"u8, session.Duration);
        writer.WriteString("hangup_by"u8, session.HangupBy);
        writer.WriteStartObject("caller"u8);
        writer.WriteString("number"u8, session.Caller.Number);
        writer.WriteString("name"u8, session.Caller.Name);
        CallRecordJson.WriteEndpoint(writer, "address"u8, session.Caller.Address);
        writer.WriteEndObject();
        writer.WriteString("dialled"u8, session.Dialled);
        writer.WriteStartArray("participants"u8);
        foreach (SessionParticipant person in session.Participants)
        {
            writer.WriteStartObject();
            writer.WriteString("number"u8, person.Number);
            writer.WriteString("name"u8, person.Name);
            CallRecordJson.WriteEndpoint(writer, "address"u8, person.Address);
            writer.WriteString("part"u8, EnumNames<SessionPart>.Of(person.Part));
            CallRecordJson.WriteTime(writer, "joined_at"u8, person.JoinedAt);
            CallRecordJson.WriteTime(writer, "left_at"u8, person.LeftAt);
            writer.WriteStartArray("call_ids"u8);
            foreach (string id in person.CallIds) writer.WriteStringValue(id);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("story"u8);
        foreach (SessionStep step in session.Story)
        {
            writer.WriteStartObject();
            CallRecordJson.WriteTime(writer, "at"u8, step.At);
            writer.WriteString("kind"u8, EnumNames<SessionStepKind>.Of(step.Kind));
            writer.WriteString("text"u8, step.Text);
            writer.WriteString("from"u8, step.From);
            writer.WriteString("to"u8, step.To);
            writer.WriteString("call_id"u8, step.CallId);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("links"u8);
        foreach (SessionLink link in session.Links)
        {
            writer.WriteStartObject();
            writer.WriteString("from"u8, link.From);
            writer.WriteString("to"u8, link.To);
            writer.WriteString("method"u8, EnumNames<LinkMethod>.Of(link.Method));
            CallRecordJson.WriteRounded(writer, "score"u8, link.Score, 2);
            writer.WriteString("relation"u8, EnumNames<LinkRelation>.Of(link.Relation));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("call_ids"u8);
        foreach (CallRecord call in session.Calls) writer.WriteStringValue(call.Id);
        writer.WriteEndArray();
        writer.WriteStartArray("one_way"u8);
        foreach (SessionOneWay silent in session.OneWay)
        {
            writer.WriteStartObject();
            writer.WriteString("kind"u8, EnumNames<OneWayKind>.Of(OneWayKind.NotForwarded));
            writer.WriteString("from"u8, silent.From);
            writer.WriteString("came_in"u8, silent.CameIn);
            writer.WriteString("missed_in"u8, silent.MissedIn);
            CallRecordJson.WriteTime(writer, "started_at"u8, silent.StartedAt);
            CallRecordJson.WriteTime(writer, "ended_at"u8, silent.EndedAt);
            CallRecordJson.WriteSpan(writer, "duration_ms"u8, silent.Duration);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        if (withCalls)
        {
            writer.WriteStartArray("calls"u8);
            foreach (CallRecord call in session.Calls) CallRecordJson.Write(call, writer, rounding);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }
}
