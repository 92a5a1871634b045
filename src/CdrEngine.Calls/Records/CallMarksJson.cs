using System.Globalization;
using System.Text.Json;

namespace CdrEngine.Calls.Records;

/// <summary>The JSON of what the directory says of a call: members of the call's own object, always there. Money is text of a decimal number, so that no
/// reader makes a binary fraction of it.</summary>
internal static class CallMarksJson
{
    public static void Write(CallMarks? marks, Utf8JsonWriter writer)
    {
        CallCharge? charge = marks?.Charge;
        writer.WriteString("tenant"u8, marks?.Tenant);
        writer.WriteString("context"u8, marks?.Context is { } context ? EnumNames<CallContext>.Of(context) : null);
        writer.WriteString("trunk"u8, marks?.Trunk);
        writer.WriteString("billed_account"u8, marks?.BilledAccount);
        WriteMoney(writer, "rate", charge?.Rate);
        WriteMoney(writer, "charge", charge?.Amount);
        writer.WriteString("currency"u8, charge?.Currency);
        writer.WriteString("destination"u8, charge?.Destination);
    }

    public static void WriteIdentity(PartyIdentity? identity, Utf8JsonWriter writer)
    {
        if (identity is null)
        {
            writer.WriteNull("identity"u8);
            return;
        }

        writer.WriteStartObject("identity"u8);
        writer.WriteString("kind"u8, EnumNames<PartyKind>.Of(identity.Kind));
        writer.WriteNumber("id"u8, identity.Id);
        writer.WriteString("name"u8, identity.Name);
        writer.WriteEndObject();
    }

    public static CallMarks? Read(StoredValue root)
    {
        var marks = new CallMarks
        {
            Tenant = CallRecordJson.Text(root, "tenant"),
            Context = CallRecordJson.NamedOrNull<CallContext>(root, "context"),
            Trunk = CallRecordJson.Text(root, "trunk"),
            BilledAccount = CallRecordJson.Text(root, "billed_account"),
            Charge = ReadCharge(root),
        };
        return marks is { Tenant: null, Context: null, Trunk: null, BilledAccount: null, Charge: null } ? null : marks;
    }

    public static PartyIdentity? ReadIdentity(StoredValue party) =>
        party.TryGetProperty("identity", out StoredValue identity) && identity.ValueKind == JsonValueKind.Object
            ? new PartyIdentity(CallRecordJson.Named<PartyKind>(identity, "kind"), CallRecordJson.Integer(identity, "id"), CallRecordJson.Text(identity, "name") ?? "")
            : null;

    private static CallCharge? ReadCharge(StoredValue root) =>
        Money(root, "charge") is { } amount
            ? new CallCharge(Money(root, "rate") ?? 0, amount, CallRecordJson.Text(root, "currency") ?? "", CallRecordJson.Text(root, "destination") ?? "")
            : null;

    private static decimal? Money(StoredValue root, string name) => CallRecordJson.Text(root, name) is { } text
        ? decimal.Parse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)
        : null;

    private static void WriteMoney(Utf8JsonWriter writer, string name, decimal? amount)
    {
        if (amount is not { } value)
        {
            writer.WriteNull(name);
            return;
        }

        Span<char> text = stackalloc char[40];
        value.TryFormat(text, out int length, default, CultureInfo.InvariantCulture);
        writer.WriteString(name, text[..length]);
    }
}
