using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Functions of ours that statements may call, on every connection.</summary>
internal static unsafe class SqlFunctions
{
    /// <summary>Reads a label of a record's JSON, by its number: see <see cref="CallLabel"/>.</summary>
    public const string Label = "call_label";

    /// <summary>Reads from a record's JSON when something happened, by its number, in microseconds: see <see cref="MomentOf"/>.</summary>
    public const string Moment = "call_moment";

    /// <summary>Makes them known to a connection.</summary>
    public static void Add(nint database)
    {
        Add(database, "call_id_bytes", 1, &CallIdBytes);
        Add(database, Label, 2, &LabelOf);
        Add(database, Moment, 2, &When);
        Add(database, DayFound.Function, 2, &Found);
    }

    private static void Add(nint database, string name, int arguments, delegate* unmanaged[Cdecl]<nint, int, nint*, void> function)
    {
        fixed (byte* zeroEnded = Sqlite3.ZeroEnded(name)) _ = Sqlite3.CreateFunction(database, zeroEnded, arguments, Sqlite3.Utf8Deterministic, 0, function, 0, 0);
    }

    // The bytes behind a record's id, which SQLite cannot make of the text.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void CallIdBytes(nint context, int count, nint* arguments)
    {
        Span<byte> id = stackalloc byte[CallRow.IdBytes];
        byte* text = Sqlite3.ValueText(arguments[0]);
        if (CallRow.TryReadId(Encoding.UTF8.GetString(new ReadOnlySpan<byte>(text, text is null ? 0 : Sqlite3.ValueBytes(arguments[0]))), out DateOnly _, id))
        {
            fixed (byte* bytes = id) Sqlite3.ResultBlob(context, bytes, id.Length, Sqlite3.Transient);
        }
        else
        {
            Sqlite3.ResultNull(context);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void LabelOf(nint context, int count, nint* arguments)
    {
        try
        {
            if (CallLabels.Read(Blob(arguments[0]))[(int)Sqlite3.ValueInt64(arguments[1])] is { } label)
            {
                // With a zero, since an empty array has no address, which would be null.
                byte[] utf8 = Sqlite3.ZeroEnded(label);
                fixed (byte* text = utf8) Sqlite3.ResultText(context, text, utf8.Length - 1, Sqlite3.Transient);
            }
            else
            {
                Sqlite3.ResultNull(context);
            }
        }
        catch (Exception e) when (IsOfRecord(e))
        {
            Refuse(context);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void When(nint context, int count, nint* arguments)
    {
        try
        {
            if (CallMoments.Read(Blob(arguments[0]), (MomentOf)Sqlite3.ValueInt64(arguments[1])) is { } at) Sqlite3.ResultInt64(context, at.Microseconds);
            else Sqlite3.ResultNull(context);
        }
        catch (Exception e) when (IsOfRecord(e))
        {
            Refuse(context);
        }
    }

    // Whether a document was found in memory.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Found(nint context, int count, nint* arguments) =>
        Sqlite3.ResultInt64(context, DayFound.Has(Blob(arguments[0]), Sqlite3.ValueInt64(arguments[1])) ? 1 : 0);

    private static ReadOnlySpan<byte> Blob(nint value)
    {
        byte* bytes = Sqlite3.ValueBlob(value);
        return new ReadOnlySpan<byte>(bytes, bytes is null ? 0 : Sqlite3.ValueBytes(value));
    }

    // What cannot be read is a failure of the statement: nothing may be thrown through the library.
    private static bool IsOfRecord(Exception e) => e is JsonException or FormatException or InvalidOperationException or ArgumentException or IndexOutOfRangeException;

    private static void Refuse(nint context)
    {
        ReadOnlySpan<byte> message = "a record that cannot be read"u8;
        fixed (byte* text = message) Sqlite3.ResultError(context, text, message.Length);
    }
}
