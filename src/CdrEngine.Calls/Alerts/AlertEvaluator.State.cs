using System.Globalization;
using System.Text.Json;
using CdrEngine.Core;

namespace CdrEngine.Calls.Alerts;

// What an evaluator knows, written down and read back, so that a start goes on where the last run stopped. Its form is nobody's but this file's: what cannot be read is begun anew.
public sealed partial class AlertEvaluator
{
    private const int Form = 1;

    /// <summary>Everything it knows, as UTF-8 JSON.</summary>
    public byte[] Save()
    {
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text))
        {
            writer.WriteStartObject();
            writer.WriteNumber("form"u8, Form);
            writer.WriteNumber("now"u8, Now.Microseconds);
            writer.WriteStartArray("rules"u8);
            foreach (RuleState rule in _rules) Save(writer, rule);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return text.ToArray();
    }

    /// <summary>Goes on with what <see cref="Save()"/> gave, for the rules that still are as they were; and with the alerts that the store says go on.</summary>
    /// <param name="saved">What was saved; empty for nothing.</param>
    /// <param name="open">Alerts of the store that are not over.</param>
    /// <param name="changes">Gets the end of those whose rule is gone.</param>
    /// <returns>False where what was saved cannot be read; nothing of it is used then.</returns>
    public bool Restore(ReadOnlyMemory<byte> saved, IReadOnlyList<Alert> open, List<AlertChange> changes)
    {
        bool isRead = saved.IsEmpty;
        if (!saved.IsEmpty)
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(saved);
                isRead = document.RootElement.GetProperty("form").GetInt32() == Form;
                if (isRead) Restore(document.RootElement);
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException or ArgumentException)
            {
                foreach (RuleState rule in _rules)
                {
                    rule.Groups.Clear();
                    rule.ByUse.Clear();
                }

                isRead = false;
            }
        }

        foreach (Alert alert in open.OrderBy(static alert => alert.RaisedAt).ThenBy(static alert => alert.Id, StringComparer.Ordinal)) Restore(alert, changes);
        return isRead;
    }

    private void Restore(Alert alert, List<AlertChange> changes)
    {
        Now = Timestamp.Max(Now, alert.UpdatedAt);
        RuleState? rule = Array.Find(_rules, rule => rule.Rule.Name == alert.Rule && rule.Rule.Kind == alert.Kind);
        if (rule is null || (rule.Groups.TryGetValue(alert.Group, out GroupState? known) && known.Open is not null))
        {
            // Nobody looks after it any more.
            Counters.Increment(AlertCounter.Cleared);
            Timestamp at = Timestamp.Max(Now, alert.UpdatedAt);
            changes.Add(new AlertChange(AlertStep.Cleared, alert with { ClearedAt = at, UpdatedAt = at }, at));
            return;
        }

        GroupState group = known ?? Add(rule, alert.Group);
        group.Open = alert;
        group.RemindAt ??= NextReminder(rule.Rule, alert.UpdatedAt);
        Schedule(rule, group, Now);
    }

    private static void Save(Utf8JsonWriter writer, RuleState rule)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, rule.Rule.Name);
        writer.WriteString("shape"u8, rule.Rule.Shape);
        writer.WriteStartArray("groups"u8);
        foreach (GroupState group in rule.ByUse) Save(writer, group);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Save(Utf8JsonWriter writer, GroupState group)
    {
        GroupFigures figures = group.Figures;
        writer.WriteStartObject();
        writer.WriteStartArray("key"u8);
        foreach (string? part in (ReadOnlySpan<string?>)[group.Group.Tenant, group.Group.Trunk, group.Group.Peer, group.Group.Caller, group.Group.User, group.Group.Source, group.Group.Currency]) writer.WriteStringValue(part);
        writer.WriteEndArray();
        Save(writer, "window", figures.Window);
        if (figures.Past is { } past) Save(writer, "past", past);
        if (figures.Level != 0) writer.WriteNumber("level"u8, figures.Level);
        if (figures.FirstPast is { } first) writer.WriteNumber("first"u8, first);
        if (figures.Dialled.Count > 0)
        {
            writer.WriteStartArray("dialled"u8);
            foreach ((Timestamp at, ulong number, int length) in figures.Dialled)
            {
                writer.WriteNumberValue(at.Microseconds);
                writer.WriteStringValue(number.ToString(CultureInfo.InvariantCulture));
                writer.WriteNumberValue(length);
            }

            writer.WriteEndArray();
        }

        if (figures.Lost.Count > 0)
        {
            writer.WriteStartObject("lost"u8);
            foreach ((string id, Timestamp at) in figures.Lost.OrderBy(static lost => lost.Key, StringComparer.Ordinal)) writer.WriteNumber(id, at.Microseconds);
            writer.WriteEndObject();
        }

        writer.WriteStartArray("recent"u8);
        foreach ((Timestamp at, string id, Timestamp startedAt) in group.Recent)
        {
            writer.WriteNumberValue(at.Microseconds);
            writer.WriteStringValue(id);
            writer.WriteNumberValue(startedAt.Microseconds);
        }

        writer.WriteEndArray();
        if (group.CalmSince is { } calm) writer.WriteNumber("calm"u8, calm.Microseconds);
        if (group.RemindAt is { } remind) writer.WriteNumber("remind"u8, remind.Microseconds);
        writer.WriteEndObject();
    }

    private static void Save(Utf8JsonWriter writer, string name, AlertWindow window)
    {
        writer.WriteStartArray(name);
        foreach (AlertWindow.Bucket bucket in window.Kept)
        {
            writer.WriteNumberValue(bucket.Index);
            writer.WriteNumberValue(bucket.Total);
            writer.WriteNumberValue(bucket.Bad);
            writer.WriteNumberValue(bucket.Sum);
        }

        writer.WriteEndArray();
    }

    private void Restore(JsonElement root)
    {
        Now = Timestamp.Max(Now, new Timestamp(root.GetProperty("now").GetInt64()));
        foreach (JsonElement saved in root.GetProperty("rules").EnumerateArray())
        {
            string? name = saved.GetProperty("name").GetString(), shape = saved.GetProperty("shape").GetString();
            if (Array.Find(_rules, rule => rule.Rule.Name == name && rule.Rule.Shape == shape) is not { } rule) continue;
            foreach (JsonElement group in saved.GetProperty("groups").EnumerateArray())
            {
                if (rule.Groups.Count < _limits.Groups) Restore(rule, group);
            }
        }
    }

    private void Restore(RuleState rule, JsonElement saved)
    {
        string?[] key = [.. saved.GetProperty("key").EnumerateArray().Select(static part => part.GetString())];
        if (key.Length != 7) throw new FormatException("a group has seven parts");
        GroupState group = Add(rule, new AlertGroup { Tenant = key[0], Trunk = key[1], Peer = key[2], Caller = key[3], User = key[4], Source = key[5], Currency = key[6] });
        GroupFigures figures = group.Figures;
        Restore(saved, "window", figures.Window);
        if (figures.Past is { } past) Restore(saved, "past", past);
        if (saved.TryGetProperty("level", out JsonElement level)) figures.Level = level.GetInt64();
        if (saved.TryGetProperty("first", out JsonElement first)) figures.FirstPast = first.GetInt64();
        foreach (JsonElement[] dialled in Rows(saved, "dialled", 3).Take(_limits.Numbers))
            figures.Dialled.Add((new Timestamp(dialled[0].GetInt64()), ulong.Parse(dialled[1].GetString()!, CultureInfo.InvariantCulture), dialled[2].GetInt32()));
        if (saved.TryGetProperty("lost", out JsonElement lost))
        {
            foreach (JsonProperty id in lost.EnumerateObject().Take(_limits.Lost)) figures.Lost[id.Name] = new Timestamp(id.Value.GetInt64());
        }

        foreach (JsonElement[] call in Rows(saved, "recent", 3)) group.Keep(new Timestamp(call[0].GetInt64()), call[1].GetString()!, new Timestamp(call[2].GetInt64()), _limits);
        if (saved.TryGetProperty("calm", out JsonElement calm)) group.CalmSince = new Timestamp(calm.GetInt64());
        if (saved.TryGetProperty("remind", out JsonElement remind)) group.RemindAt = new Timestamp(remind.GetInt64());
    }

    private static void Restore(JsonElement saved, string name, AlertWindow window)
    {
        foreach (JsonElement[] bucket in Rows(saved, name, 4)) window.Restore(new AlertWindow.Bucket(bucket[0].GetInt64(), bucket[1].GetInt64(), bucket[2].GetInt64(), bucket[3].GetDecimal()));
    }

    private static IEnumerable<JsonElement[]> Rows(JsonElement saved, string name, int width) =>
        saved.TryGetProperty(name, out JsonElement row) ? row.EnumerateArray().Chunk(width).Where(chunk => chunk.Length == width) : [];
}
