using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Conditions of a query and their arguments.</summary>
internal sealed class SqlConditions
{
    private readonly StringBuilder _text = new();
    private readonly List<object> _arguments = [];

    /// <summary>The arguments, in the order of their question marks.</summary>
    public object[] Arguments => [.. _arguments];

    /// <summary>Adds one; its question marks stand for the arguments in order.</summary>
    public SqlConditions And(string condition, params ReadOnlySpan<object> arguments)
    {
        _text.Append(_text.Length == 0 ? " WHERE " : " AND ").Append(condition);
        _arguments.AddRange(arguments);
        return this;
    }

    /// <summary>Adds that a column is a value, or begins with it where it ends in <c>*</c>.</summary>
    public SqlConditions AndText(string condition, string value, int times = 1)
    {
        bool isPrefix = value.EndsWith('*');
        string begin = isPrefix ? value[..^1] : value;
        object[] arguments = new object[isPrefix ? times * 2 : times];
        for (int i = 0; i < arguments.Length; i++) arguments[i] = isPrefix && i % 2 == 1 ? begin + "\U0010FFFF" : begin;
        return And(condition.Replace("@", isPrefix ? "BETWEEN ? AND ?" : "= ?", StringComparison.Ordinal), arguments);
    }

    /// <summary>Adds that what is deleted of a day is left out.</summary>
    public void AndShown(HiddenDay hidden, string table)
    {
        foreach ((string condition, object?[] arguments) in hidden.Conditions(table)) And(condition, [.. arguments.OfType<object>()]);
    }

    public SqlConditions Copy()
    {
        var copy = new SqlConditions();
        copy._text.Append(_text);
        copy._arguments.AddRange(_arguments);
        return copy;
    }

    /// <summary>A statement with all arguments bound, and the limit behind them.</summary>
    public SqliteStatement Bound(SqliteDatabase database, string sql, long limit)
    {
        SqliteStatement statement = database.Prepare(sql);
        foreach (object argument in _arguments)
        {
            _ = argument switch
            {
                long number => statement.Bind(number),
                double number => statement.Bind((double?)number),
                byte[] bytes => statement.BindBlob(bytes.AsSpan()),
                _ => statement.Bind((string)argument),
            };
        }

        return statement.Bind(limit);
    }

    public override string ToString() => _text.ToString();
}

/// <summary>Where a page of a list ended: the last row's key and id, bound to the query they belong to.</summary>
/// <param name="Number">The key, where it is a number.</param>
/// <param name="Text">The key, where it is a text.</param>
/// <param name="Id">The id.</param>
internal sealed record ListCursor(long Number, string Text, string Id)
{
    private const byte Version = 3;
    private const int Longest = 4096;

    public string Encode(string query)
    {
        byte[] text = Encoding.UTF8.GetBytes($"{Text}\0{Id}");
        byte[] bytes = new byte[1 + sizeof(long) + text.Length + sizeof(ulong)];
        bytes[0] = Version;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(1), Number);
        text.CopyTo(bytes, 9);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(9 + text.Length), CursorSeal.Of(bytes.AsSpan(0, 9 + text.Length), query));
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Reads what <see cref="Encode"/> made for the same query; false for anything else.</summary>
    public static bool TryDecode(string text, string query, out ListCursor? cursor)
    {
        cursor = null;
        if (text.Length > Longest) return false;
        byte[] bytes = new byte[Base64Url.GetMaxDecodedLength(text.Length)];
        if (Base64Url.DecodeFromChars(text, bytes, out _, out int length) != OperationStatus.Done || length < 18 || bytes[0] != Version) return false;
        ReadOnlySpan<byte> sealedPart = bytes.AsSpan(0, length - 8);
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(length - 8)) != CursorSeal.Of(sealedPart, query)) return false;
        string[] parts = Encoding.UTF8.GetString(sealedPart[9..]).Split('\0');
        if (parts.Length != 2) return false;
        cursor = new ListCursor(BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(1)), parts[0], parts[1]);
        return true;
    }
}

/// <summary>Addresses as they are stored: 4 or 16 bytes.</summary>
internal static class StoredAddress
{
    public static Core.IpAddress? Read(ReadOnlySpan<byte> bytes) => bytes.Length switch
    {
        4 => Core.IpAddress.FromV4(bytes),
        16 => Core.IpAddress.FromV6(bytes),
        _ => null,
    };
}
