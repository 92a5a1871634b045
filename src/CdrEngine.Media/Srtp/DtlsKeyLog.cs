using System.Buffers.Binary;
using System.Security.Cryptography;

namespace CdrEngine.Media.Srtp;

/// <summary>Secrets of DTLS connections from an NSS key log (the file of SSLKEYLOGFILE; RFC 9850), by the client's random value.</summary>
/// <remarks>Read are <c>CLIENT_RANDOM</c> (the master secret of DTLS 1.0 and 1.2) and <c>EXPORTER_SECRET</c> (DTLS 1.3); other labels are passed over.
/// It has no text form, and its secrets are cleared on Dispose. Not for two threads at once.</remarks>
public sealed class DtlsKeyLog : IDisposable
{
    private const int RandomBytes = 32;
    private const int MasterBytes = 48;
    private const int MaxSecretBytes = 64;

    private readonly SrtpLimits _limits;
    private readonly Dictionary<HelloRandom, Secrets> _entries = [];
    private readonly Queue<HelloRandom> _order = new();

    /// <summary>An empty log.</summary>
    public DtlsKeyLog(SrtpLimits? limits = null) => _limits = limits ?? SrtpLimits.Default;

    /// <summary>Connections with a secret.</summary>
    public int Count => _entries.Count;

    /// <summary>Lines of a known label that cannot be read; they were passed over.</summary>
    public int BrokenLines { get; private set; }

    /// <summary>Connections that were dropped because there were too many.</summary>
    public int Dropped { get; private set; }

    /// <summary>Takes over the lines of a key log. May be called again with what was appended since.</summary>
    /// <param name="text">Whole lines; comments (<c>#</c>) and unknown labels are passed over, broken lines are counted.</param>
    public void Add(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            int end = text.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = (end < 0 ? text : text[..end]).Trim(" \t\r"u8);
            text = end < 0 ? default : text[(end + 1)..];
            if (line.StartsWith("CLIENT_RANDOM "u8)) AddSecret(line["CLIENT_RANDOM ".Length..], isExporter: false);
            else if (line.StartsWith("EXPORTER_SECRET "u8)) AddSecret(line["EXPORTER_SECRET ".Length..], isExporter: true);
        }
    }

    /// <summary>True where the log holds a secret of that connection.</summary>
    /// <param name="clientRandom">The 32 bytes of the ClientHello.</param>
    public bool Contains(ReadOnlySpan<byte> clientRandom) => clientRandom.Length == RandomBytes && _entries.ContainsKey(HelloRandom.Of(clientRandom));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Secrets entry in _entries.Values) entry.Clear();
        _entries.Clear();
        _order.Clear();
    }

    /// <summary>Master secret of DTLS 1.0 and 1.2, 48 bytes.</summary>
    internal bool TryGetMaster(ReadOnlySpan<byte> clientRandom, out ReadOnlySpan<byte> secret)
    {
        secret = clientRandom.Length == RandomBytes && _entries.TryGetValue(HelloRandom.Of(clientRandom), out Secrets? entry) ? entry.Master : default;
        return !secret.IsEmpty;
    }

    /// <summary>Exporter secret of DTLS 1.3, as long as the hash of its cipher suite.</summary>
    internal bool TryGetExporter(ReadOnlySpan<byte> clientRandom, out ReadOnlySpan<byte> secret)
    {
        secret = clientRandom.Length == RandomBytes && _entries.TryGetValue(HelloRandom.Of(clientRandom), out Secrets? entry) ? entry.Exporter : default;
        return !secret.IsEmpty;
    }

    private void AddSecret(ReadOnlySpan<byte> text, bool isExporter)
    {
        int space = text.IndexOf((byte)' ');
        Span<byte> random = stackalloc byte[RandomBytes];
        Span<byte> secret = stackalloc byte[MaxSecretBytes];
        ReadOnlySpan<byte> secretText = space < 0 ? default : text[(space + 1)..].Trim((byte)' ');
        if (space != RandomBytes * 2 || !TryReadHex(text[..space], random) || secretText.Length > MaxSecretBytes * 2
            || !TryReadHex(secretText, secret[..(secretText.Length / 2)])
            || (isExporter ? secretText.Length is not (64 or 96) : secretText.Length != MasterBytes * 2))
        {
            BrokenLines++;
            return;
        }

        HelloRandom key = HelloRandom.Of(random);
        if (!_entries.TryGetValue(key, out Secrets? entry))
        {
            if (_entries.Count >= Math.Max(1, _limits.MaxKeyLogEntries) && _order.TryDequeue(out HelloRandom oldest) && _entries.Remove(oldest, out Secrets? dropped))
            {
                dropped.Clear();
                Dropped++;
            }

            entry = new Secrets();
            _entries.Add(key, entry);
            _order.Enqueue(key);
        }

        byte[] bytes = secret[..(secretText.Length / 2)].ToArray();
        if (isExporter) entry.Exporter = bytes;
        else entry.Master = bytes;
        CryptographicOperations.ZeroMemory(secret);
    }

    private static bool TryReadHex(ReadOnlySpan<byte> text, Span<byte> bytes)
    {
        if (text.IsEmpty || text.Length != bytes.Length * 2) return false;
        for (int i = 0; i < bytes.Length; i++)
        {
            int high = Digit(text[i * 2]), low = Digit(text[(i * 2) + 1]);
            if ((high | low) < 0) return false;
            bytes[i] = (byte)((high << 4) | low);
        }

        return true;
    }

    private static int Digit(byte text) => text switch
    {
        >= (byte)'0' and <= (byte)'9' => text - '0',
        >= (byte)'a' and <= (byte)'f' => text - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => text - 'A' + 10,
        _ => -1,
    };

    private readonly record struct HelloRandom(ulong A, ulong B, ulong C, ulong D)
    {
        public static HelloRandom Of(ReadOnlySpan<byte> bytes) => new(
            BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]), BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]));
    }

    private sealed class Secrets
    {
        public byte[] Master { get; set; } = [];

        public byte[] Exporter { get; set; } = [];

        public void Clear()
        {
            CryptographicOperations.ZeroMemory(Master);
            CryptographicOperations.ZeroMemory(Exporter);
        }
    }
}
