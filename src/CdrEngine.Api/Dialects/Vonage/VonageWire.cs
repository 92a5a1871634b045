using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CdrEngine.Api.Dialects.Vonage;

/// <summary>A list of calls.</summary>
internal sealed record VonageCalls
{
    [JsonPropertyName("calls")]
    public required IReadOnlyList<VonageCall> Calls { get; init; }

    [JsonPropertyName("current_page")]
    public required long CurrentPage { get; init; }

    [JsonPropertyName("first_page_uri")]
    public required string FirstPageUri { get; init; }

    [JsonPropertyName("next_page")]
    public required long? NextPage { get; init; }

    [JsonPropertyName("next_page_uri")]
    public required string? NextPageUri { get; init; }

    [JsonPropertyName("order")]
    public required string Order { get; init; }

    [JsonPropertyName("page_size")]
    public required long PageSize { get; init; }

    [JsonPropertyName("pages")]
    public required long Pages { get; init; }

    [JsonPropertyName("previous_page_uri")]
    public required string? PreviousPageUri { get; init; }
}

/// <summary>A call.</summary>
internal sealed record VonageCall
{
    [JsonPropertyName("account_id")]
    public required long? AccountId { get; init; }

    [JsonPropertyName("call_id")]
    public required string CallId { get; init; }

    [JsonPropertyName("direction")]
    public required string? Direction { get; init; }

    [JsonPropertyName("end_time")]
    public required long? EndTime { get; init; }

    [JsonPropertyName("from")]
    public required VonageNumber? From { get; init; }

    [JsonPropertyName("legs")]
    public required IReadOnlyList<VonageLeg> Legs { get; init; }

    [JsonPropertyName("start_time")]
    public required long StartTime { get; init; }

    [JsonPropertyName("status")]
    public required string Status { get; init; }

    [JsonPropertyName("to")]
    public required VonageNumber? To { get; init; }
}

/// <summary>A leg of a call.</summary>
internal sealed record VonageLeg
{
    [JsonPropertyName("account_id")]
    public required long? AccountId { get; init; }

    [JsonPropertyName("call_id")]
    public required string CallId { get; init; }

    [JsonPropertyName("direction")]
    public required string? Direction { get; init; }

    [JsonPropertyName("end_time")]
    public required long? EndTime { get; init; }

    [JsonPropertyName("from")]
    public required VonageNumber? From { get; init; }

    [JsonPropertyName("leg_id")]
    public required string LegId { get; init; }

    [JsonPropertyName("start_time")]
    public required long StartTime { get; init; }

    [JsonPropertyName("status")]
    public required string Status { get; init; }

    [JsonPropertyName("to")]
    public required VonageNumber? To { get; init; }
}

/// <summary>A list of devices.</summary>
internal sealed record VonageDevices
{
    [JsonPropertyName("current_page")]
    public required long CurrentPage { get; init; }

    [JsonPropertyName("devices")]
    public required IReadOnlyList<VonageDevice> Devices { get; init; }

    [JsonPropertyName("first_page_uri")]
    public required string FirstPageUri { get; init; }

    // Text here, a number in the list of calls: so the vendor has it.
    [JsonPropertyName("next_page")]
    public required string? NextPage { get; init; }

    [JsonPropertyName("next_page_uri")]
    public required string? NextPageUri { get; init; }

    [JsonPropertyName("order")]
    public required string Order { get; init; }

    [JsonPropertyName("page_size")]
    public required long PageSize { get; init; }

    [JsonPropertyName("pages")]
    public required long Pages { get; init; }

    [JsonPropertyName("previous_page_uri")]
    public required string? PreviousPageUri { get; init; }
}

/// <summary>A device.</summary>
internal sealed record VonageDevice
{
    [JsonPropertyName("account_id")]
    public required long? AccountId { get; init; }

    [JsonPropertyName("device_ip")]
    public required string? DeviceIp { get; init; }

    [JsonPropertyName("last_request")]
    public required long? LastRequest { get; init; }

    [JsonPropertyName("last_success")]
    public required long? LastSuccess { get; init; }

    [JsonPropertyName("mac_address")]
    public required string? MacAddress { get; init; }

    [JsonPropertyName("registration")]
    public required VonageRegistration Registration { get; init; }

    [JsonPropertyName("provisioned")]
    public required VonageProvisioned Provisioned { get; init; }
}

/// <summary>When a device last registered.</summary>
internal sealed record VonageRegistration([property: JsonPropertyName("last_success")] long? LastSuccess);

/// <summary>When a device last fetched its settings.</summary>
internal sealed record VonageProvisioned(
    [property: JsonPropertyName("last_success")] long? LastSuccess,
    [property: JsonPropertyName("last_request")] long? LastRequest);

/// <summary>An end of a call to be made or changed.</summary>
internal sealed record VonageEnd(
    [property: JsonPropertyName("destination")] VonageNumber? Destination,
    [property: JsonPropertyName("type")] string? Type);

/// <summary>A call to be made.</summary>
internal sealed record VonageDial(
    [property: JsonPropertyName("from")] VonageEnd? From,
    [property: JsonPropertyName("to")] VonageEnd? To,
    [property: JsonPropertyName("type")] string? Type);

/// <summary>What a call is to become.</summary>
internal sealed record VonageCallChange(
    [property: JsonPropertyName("from")] VonageEnd? From,
    [property: JsonPropertyName("state")] string? State,
    [property: JsonPropertyName("to")] VonageEnd? To);

/// <summary>What a leg is to become.</summary>
internal sealed record VonageLegChange([property: JsonPropertyName("state")] string? State);

/// <summary>What became of a call.</summary>
internal sealed record VonageCallState(
    [property: JsonPropertyName("account_id")] long? AccountId,
    [property: JsonPropertyName("call_id")] string? CallId,
    [property: JsonPropertyName("call_state")] string CallState,
    [property: JsonPropertyName("destination")] string? Destination);

/// <summary>What became of a leg.</summary>
internal sealed record VonageLegState(
    [property: JsonPropertyName("account_id")] long? AccountId,
    [property: JsonPropertyName("call_id")] string CallId,
    [property: JsonPropertyName("call_state")] string CallState,
    [property: JsonPropertyName("destination")] string? Destination,
    [property: JsonPropertyName("leg_id")] string LegId);

/// <summary>An error.</summary>
internal sealed record VonageError(
    [property: JsonPropertyName("status")] int Status,
    [property: JsonPropertyName("title")] string Title,
    [property: JsonPropertyName("detail")] string Detail,
    [property: JsonPropertyName("parameter")] string? Parameter);

/// <summary>A number as the vendor writes it: a JSON number where it is one, text where it is a name or begins with a zero. Either is read.</summary>
/// <param name="Text">The number.</param>
[JsonConverter(typeof(VonageNumberConverter))]
internal readonly record struct VonageNumber(string Text);

/// <summary>Reads and writes numbers.</summary>
internal sealed class VonageNumberConverter : JsonConverter<VonageNumber>
{
    // Fifteen digits (E.164) are exact in every reader of JSON.
    private const int MostDigits = 15;

    public override VonageNumber Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.String => new VonageNumber(reader.GetString() ?? ""),
        JsonTokenType.Number when reader.TryGetInt64(out long number) && number >= 0 => new VonageNumber(number.ToString(CultureInfo.InvariantCulture)),
        _ => throw new JsonException("it is neither a number nor a text"),
    };

    public override void Write(Utf8JsonWriter writer, VonageNumber value, JsonSerializerOptions options)
    {
        string digits = value.Text.StartsWith('+') ? value.Text[1..] : value.Text;
        if (digits.Length is > 0 and <= MostDigits && digits.All(char.IsAsciiDigit) && (digits[0] != '0' || digits.Length == 1))
            writer.WriteNumberValue(long.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture));
        else writer.WriteStringValue(value.Text);
    }
}

/// <summary>Every body.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.General)]
[JsonSerializable(typeof(VonageCalls))]
[JsonSerializable(typeof(VonageCall))]
[JsonSerializable(typeof(IReadOnlyList<VonageLeg>))]
[JsonSerializable(typeof(VonageLeg[]))]
[JsonSerializable(typeof(VonageLeg))]
[JsonSerializable(typeof(VonageDevices))]
[JsonSerializable(typeof(VonageDevice))]
[JsonSerializable(typeof(VonageDial))]
[JsonSerializable(typeof(VonageCallChange))]
[JsonSerializable(typeof(VonageLegChange))]
[JsonSerializable(typeof(VonageCallState))]
[JsonSerializable(typeof(VonageLegState))]
[JsonSerializable(typeof(VonageError))]
internal sealed partial class VonageJson : JsonSerializerContext;
