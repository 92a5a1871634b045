using System.Text.Json;

namespace CdrEngine.Calls.Records;

/// <summary>The JSON of links and transfers within a call's record.</summary>
internal static class CallLinkJson
{
    public static void Write(Utf8JsonWriter writer, IReadOnlyList<CallLink> links)
    {
        writer.WriteStartArray("links"u8);
        foreach (CallLink link in links)
        {
            writer.WriteStartObject();
            writer.WriteString("call_id"u8, link.CallId);
            writer.WriteString("sip_call_id"u8, link.SipCallId);
            writer.WriteString("method"u8, EnumNames<LinkMethod>.Of(link.Method));
            CallRecordJson.WriteRounded(writer, "score"u8, link.Score, 2);
            writer.WriteString("relation"u8, EnumNames<LinkRelation>.Of(link.Relation));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    public static void Write(Utf8JsonWriter writer, TransferRecord? transfer)
    {
        if (transfer is null)
        {
            writer.WriteNull("transfer"u8);
            return;
        }

        writer.WriteStartObject("transfer"u8);
        writer.WriteString("kind"u8, EnumNames<TransferKind>.Of(transfer.Kind));
        writer.WriteString("from"u8, transfer.From);
        writer.WriteString("to"u8, transfer.To);
        writer.WriteString("role"u8, EnumNames<TransferRole>.Of(transfer.Role));
        CallRecordJson.WriteTime(writer, "at"u8, transfer.At);
        writer.WriteString("outcome"u8, EnumNames<TransferOutcome>.Of(transfer.Outcome));
        writer.WriteNumber("sip_status"u8, transfer.SipStatus);
        writer.WriteString("call_id"u8, transfer.CallId);
        writer.WriteEndObject();
    }

    public static CallLink ReadLink(StoredValue link) => new(
        CallRecordJson.RequiredText(link, "call_id"),
        CallRecordJson.Text(link, "sip_call_id") ?? "",
        CallRecordJson.Named<LinkMethod>(link, "method"),
        CallRecordJson.Real(link, "score") ?? 0,
        CallRecordJson.Named<LinkRelation>(link, "relation"));

    public static TransferRecord? ReadTransfer(StoredValue root) =>
        root.TryGetProperty("transfer", out StoredValue transfer) && transfer.ValueKind == JsonValueKind.Object
            ? new TransferRecord
            {
                Kind = CallRecordJson.Named<TransferKind>(transfer, "kind"),
                Role = CallRecordJson.Named<TransferRole>(transfer, "role"),
                From = CallRecordJson.Text(transfer, "from"),
                To = CallRecordJson.Text(transfer, "to"),
                At = CallRecordJson.Time(transfer, "at") ?? default,
                Outcome = CallRecordJson.Named<TransferOutcome>(transfer, "outcome"),
                SipStatus = CallRecordJson.Int(transfer, "sip_status"),
                CallId = CallRecordJson.Text(transfer, "call_id"),
            }
            : null;
}
