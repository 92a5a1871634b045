using System.Buffers;
using System.Text.Json;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;

namespace CdrEngine.Storage.Sqlite;

/// <summary>How many media sessions of a day are a tenant's and of a type.</summary>
/// <param name="Tenant">Tenant; empty for none.</param>
/// <param name="Type">Type.</param>
/// <param name="Sessions">How many.</param>
internal readonly record struct MediaSum(string Tenant, MediaSessionType Type, long Sessions);

/// <summary>What the media sessions of a day that is over are counted by, and which days have none that are asked for, without being looked at. Stored with the day's seal, and gone
/// with it. Immutable.</summary>
/// <param name="Sums">Sessions by tenant and type.</param>
/// <param name="Codecs">The different lists of codecs; null where there are too many.</param>
/// <param name="Flags">The different flags; null where there are too many.</param>
/// <param name="MosLeast">The worst score; null where none has one.</param>
/// <param name="Addresses">Their addresses.</param>
internal sealed record MediaFigures(IReadOnlyList<MediaSum> Sums, string[]? Codecs, long[]? Flags, double? MosLeast, KeyFilter Addresses)
{
    /// <summary>What it is called in the seal.</summary>
    public const string Name = "media";

    private const string Find = $"SELECT value FROM day_seal WHERE name = '{Name}'";

    /// <summary>Whether type, tenant and times are all that a query asks for.</summary>
    public static bool AsksOnlySums(MediaSessionQuery query) => query is { CallId: null, Codec: null, MosBelow: null, Address: null, Flags: MediaSessionFlags.None };

    /// <summary>Whether a query asks for anything that this tells of.</summary>
    public static bool AsksAny(MediaSessionQuery query) => query.Type is not null || query.Tenant is not null || !AsksOnlySums(query);

    /// <summary>How many sessions have the type and tenant that a query asks for.</summary>
    public long Of(MediaSessionQuery query)
    {
        long sessions = 0;
        foreach (MediaSum sum in Sums)
        {
            if ((query.Type ?? sum.Type) == sum.Type && (query.Tenant ?? sum.Tenant) == sum.Tenant) sessions += sum.Sessions;
        }

        return sessions;
    }

    /// <summary>Whether any session of the day may be asked for.</summary>
    public bool MayHave(MediaSessionQuery query)
    {
        if (Of(query) == 0) return false;
        if (query.Codec is { } codec && Codecs is not null && !Codecs.Any(list => list.Contains(CallSelect.CodecItem(codec), StringComparison.Ordinal))) return false;
        if (query.Flags != MediaSessionFlags.None && Flags is not null && !Flags.Any(flags => (flags & (long)query.Flags) == (long)query.Flags)) return false;
        if (query.MosBelow is { } mos && !(MosLeast < mos)) return false;
        return query.Address is not { } address || Addresses.MayHave(KeyFilter.OfNumber(address.ToString()));
    }

    /// <summary>Looks at all sessions of a day.</summary>
    public static MediaFigures Of(SqliteDatabase database)
    {
        var sums = new List<MediaSum>();
        using (SqliteStatement list = database.Prepare("SELECT ifnull(tenant, ''), type, count(*) FROM media_sessions GROUP BY 1, 2"))
        {
            while (list.Step()) sums.Add(new MediaSum(list.Text(0), (MediaSessionType)list.Long(1), list.Long(2)));
        }

        var addresses = new HashSet<ulong>();
        using (SqliteStatement list = database.Prepare("SELECT DISTINCT addresses FROM media_sessions"))
        {
            while (list.Step())
            {
                foreach (string address in list.Text(0).Split('|', StringSplitOptions.RemoveEmptyEntries)) addresses.Add(KeyFilter.OfNumber(address));
            }
        }

        double? least = null;
        using (SqliteStatement find = database.Prepare("SELECT min(mos) FROM media_sessions"))
        {
            if (find.Step() && !find.IsNull(0)) least = find.Real(0);
        }

        return new MediaFigures(
            sums,
            DaySeal.ValuesOf(database, "media_sessions", "codecs", static row => row.Text(0)),
            DaySeal.ValuesOf(database, "media_sessions", "flags", static row => row.Long(0)),
            least,
            KeyFilter.Of(addresses));
    }

    /// <summary>Reads what is stored with a day; null where there is none, or it is damaged.</summary>
    public static MediaFigures? Read(SqliteDatabase database)
    {
        if (!database.IsSealed) return null;
        using SqliteStatement find = database.Prepare(Find);
        return find.Step() ? Read(find.Blob(0)) : null;
    }

    /// <summary>Reads what <see cref="ToBytes"/> gives; null for anything else.</summary>
    public static MediaFigures? Read(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            JsonElement root = document.RootElement;
            if (KeyFilter.Read(root.GetProperty("addresses").GetBytesFromBase64()) is not { } addresses) return null;
            var sums = new List<MediaSum>();
            foreach (JsonElement sum in root.GetProperty("sums").EnumerateArray())
                sums.Add(new MediaSum(sum[0].GetString()!, (MediaSessionType)sum[1].GetInt32(), sum[2].GetInt64()));
            return new MediaFigures(
                sums,
                Values(root.GetProperty("codecs"), static value => value.GetString()!),
                Values(root.GetProperty("flags"), static value => value.GetInt64()),
                root.GetProperty("mos_least") is { ValueKind: JsonValueKind.Number } mos ? mos.GetDouble() : null,
                addresses);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    /// <summary>It as it is stored.</summary>
    public byte[] ToBytes()
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("sums"u8);
            foreach (MediaSum sum in Sums)
            {
                writer.WriteStartArray();
                writer.WriteStringValue(sum.Tenant);
                writer.WriteNumberValue((int)sum.Type);
                writer.WriteNumberValue(sum.Sessions);
                writer.WriteEndArray();
            }

            writer.WriteEndArray();
            Write(writer, "codecs", Codecs, static (to, codec) => to.WriteStringValue(codec));
            Write(writer, "flags", Flags, static (to, flags) => to.WriteNumberValue(flags));
            if (MosLeast is { } mos) writer.WriteNumber("mos_least"u8, mos);
            else writer.WriteNull("mos_least"u8);
            writer.WriteBase64String("addresses"u8, Addresses.ToBytes());
            writer.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    private static void Write<T>(Utf8JsonWriter writer, string name, T[]? values, Action<Utf8JsonWriter, T> write)
    {
        if (values is null)
        {
            writer.WriteNull(name);
            return;
        }

        writer.WriteStartArray(name);
        foreach (T value in values) write(writer, value);
        writer.WriteEndArray();
    }

    private static T[]? Values<T>(JsonElement values, Func<JsonElement, T> read) => values.ValueKind == JsonValueKind.Null ? null : [.. values.EnumerateArray().Select(read)];
}
