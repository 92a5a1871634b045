using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace CdrEngine.Calls.Records;

/// <summary>JSON that the engine wrote itself, taken apart once: where each value begins and ends. Members are looked for from the one found last on, since they are read in the order in which they were written; a document of the
/// framework looks through all of them for each. What is no JSON is no <see cref="StoredJson"/>, whatever wrote it. One thread; what is read of it must not be used after its end.</summary>
internal sealed class StoredJson : IDisposable
{
    // A longer one, made by one record of thousands of digits, is not kept.
    private const int KeptTokens = 64 * 1024;
    private const int KeptBytes = 256 * 1024;

    [ThreadStatic]
    private static StoredJson? _kept;

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<Token> _tokens = [];
    private byte[] _bytes = [];

    private StoredJson()
    {
    }

    /// <summary>Takes apart a text.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="isAll">Whether nothing may stand behind its first value.</param>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static StoredJson Parse(ReadOnlySpan<byte> utf8, bool isAll = false)
    {
        StoredJson json = _kept ?? new StoredJson();
        _kept = null;
        json._tokens.Clear();
        if (json._bytes.Length < utf8.Length) json._bytes = new byte[Math.Max(utf8.Length, 2 * json._bytes.Length)];
        utf8.CopyTo(json._bytes);
        json.TakeApart(utf8.Length, isAll);
        return json;
    }

    /// <summary>All of it.</summary>
    public StoredValue Root => new(this, 0);

    /// <inheritdoc />
    public void Dispose()
    {
        if (_bytes.Length <= KeptBytes && _tokens.Capacity <= KeptTokens) _kept = this;
    }

    internal JsonValueKind KindOf(int at) => _tokens[at].Type switch
    {
        JsonTokenType.StartObject => JsonValueKind.Object,
        JsonTokenType.StartArray => JsonValueKind.Array,
        JsonTokenType.String => JsonValueKind.String,
        JsonTokenType.Number => JsonValueKind.Number,
        JsonTokenType.True => JsonValueKind.True,
        JsonTokenType.False => JsonValueKind.False,
        _ => JsonValueKind.Null,
    };

    // The value of a member of an object; -1 where it has none of that name.
    internal int Find(int at, string name)
    {
        Span<Token> tokens = CollectionsMarshal.AsSpan(_tokens);
        if (tokens[at].Type != JsonTokenType.StartObject) throw new InvalidOperationException($"{name}: no object");
        int found = Among(tokens[at].Next, tokens[at].End, name);
        if (found < 0) found = Among(at + 1, tokens[at].Next, name);
        if (found >= 0) tokens[at].Next = tokens[found].End;
        return found;
    }

    // The first item of an array, and behind the last.
    internal (int First, int End) ItemsOf(int at) => (at + 1, _tokens[at].End);

    internal int Behind(int at) => _tokens[at].End;

    internal string? TextOf(int at)
    {
        Token token = _tokens[at];
        if (token.Type == JsonTokenType.Null) return null;
        if (token.Type != JsonTokenType.String || token.IsEscaped) return Reader(at).GetString();
        try
        {
            return s_strict.GetString(_bytes, token.Begin + 1, token.Length - 2);
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidOperationException("no UTF-8", e);
        }
    }

    // Stands on the value.
    internal Utf8JsonReader Reader(int at)
    {
        Token token = _tokens[at];
        var reader = new Utf8JsonReader(_bytes.AsSpan(token.Begin, token.Length));
        reader.Read();
        return reader;
    }

    // The value of a member of some that stand one behind the other; -1 where none is of that name.
    private int Among(int member, int end, string name)
    {
        Span<Token> tokens = CollectionsMarshal.AsSpan(_tokens);
        for (; member < end; member = tokens[member + 1].End)
        {
            ref readonly Token its = ref tokens[member];
            if (its.IsEscaped ? Reader(member).GetString() == name : its.Length - 2 == name.Length && Ascii.Equals(_bytes.AsSpan(its.Begin + 1, name.Length), name)) return member + 1;
        }

        return -1;
    }

    private void TakeApart(int length, bool isAll)
    {
        var reader = new Utf8JsonReader(_bytes.AsSpan(0, length));
        Span<int> open = stackalloc int[64];
        int depth = 0;
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
            {
                CollectionsMarshal.AsSpan(_tokens)[open[--depth]].End = _tokens.Count;
            }
            else
            {
                // Names and texts with their quotes, but without the colon behind.
                bool isText = reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.String;
                int at = _tokens.Count;
                _tokens.Add(new Token
                {
                    Type = reader.TokenType,
                    Begin = (int)reader.TokenStartIndex,
                    Length = reader.ValueSpan.Length + (isText ? 2 : 0),
                    IsEscaped = reader.ValueIsEscaped,
                    End = at + 1,
                    Next = at + 1,
                });
                if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray) open[depth++] = at;
            }

            if (depth > 0) continue;
            if (isAll && reader.Read()) throw new JsonException("more than one value");
            return;
        }

        throw new JsonException("nothing, or no end");
    }

    private struct Token
    {
        public JsonTokenType Type;
        public bool IsEscaped;
        public int Begin;
        public int Length;

        // Behind it and all that is in it.
        public int End;

        // Of an object where the next member is looked for.
        public int Next;
    }
}

/// <summary>A value of a <see cref="StoredJson"/>, with the members of <see cref="JsonElement"/> that reading records needs, and what these throw.</summary>
/// <param name="json">The whole.</param>
/// <param name="at">Where it stands.</param>
internal readonly struct StoredValue(StoredJson json, int at)
{
    public JsonValueKind ValueKind => json.KindOf(at);

    public bool TryGetProperty(string name, out StoredValue value)
    {
        int found = json.Find(at, name);
        value = found < 0 ? default : new StoredValue(json, found);
        return found >= 0;
    }

    public StoredValue GetProperty(string name) => TryGetProperty(name, out StoredValue value) ? value : throw new KeyNotFoundException(name);

    public string? GetString() => json.TextOf(at);

    public bool GetBoolean() => ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new InvalidOperationException("no boolean"),
    };

    public int GetInt32() => json.Reader(at).GetInt32();

    public long GetInt64() => json.Reader(at).GetInt64();

    public double GetDouble() => json.Reader(at).GetDouble();

    public decimal GetDecimal() => json.Reader(at).GetDecimal();

    public DateTimeOffset GetDateTimeOffset() => json.Reader(at).GetDateTimeOffset();

    public IEnumerable<StoredValue> EnumerateArray()
    {
        (int first, int end) = ValueKind == JsonValueKind.Array ? json.ItemsOf(at) : throw new InvalidOperationException("no array");
        for (int item = first; item < end; item = json.Behind(item)) yield return new StoredValue(json, item);
    }
}
