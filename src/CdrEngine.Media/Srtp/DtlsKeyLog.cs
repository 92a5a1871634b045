using System.Buffers.Binary;
using System.Security.Cryptography;
using CdrEngine.Core;

namespace CdrEngine.Media.Srtp;

/// <summary>Secrets of DTLS connections from an NSS key log (the file of SSLKEYLOGFILE; RFC 9850), by the client's random value.</summary>
/// <remarks>Read are <c>CLIENT_RANDOM</c> (the master secret of DTLS 1.0 and 1.2) and <c>EXPORTER_SECRET</c> (DTLS 1.3); other labels are passed over.
/// It has no text form, and its secrets are cleared on Dispose. Any number of threads.</remarks>
public sealed class DtlsKeyLog : IDisposable
{
    private const int RandomBytes = 32;
    private const int MasterBytes = 48;

    /// <summary>No secret is longer.</summary>
    internal const int MaxSecretBytes = 64;


    private readonly SrtpLimits _limits;
    private readonly Dictionary<HelloRandom, Secrets> _entries = [];
    private readonly Queue<HelloRandom> _order = new();
    private readonly Lock _lock = new();

    /// <summary>An empty log.</summary>
    public DtlsKeyLog(SrtpLimits? limits = null) => _limits = limits ?? SrtpLimits.Default;

    /// <summary>Connections with a secret.</summary>
    public int Count
    {
        get
        {
            lock (_lock) return _entries.Count;
        }
    }

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
    public bool Contains(ReadOnlySpan<byte> clientRandom)
    {
        lock (_lock) return clientRandom.Length == RandomBytes && _entries.ContainsKey(HelloRandom.Of(clientRandom));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (Secrets entry in _entries.Values) entry.Clear();
            _entries.Clear();
            _order.Clear();
        }
    }

    /// <summary>Copies the master secret of DTLS 1.0 and 1.2, 48 bytes; false where there is none.</summary>
    /// <param name="clientRandom">The 32 bytes of the ClientHello.</param>
    /// <param name="room">Room for it, <see cref="MaxSecretBytes"/>; a copy, because the log may let go of its own meanwhile.</param>
    /// <param name="secret">The part of <paramref name="room"/> that was written.</param>
    internal bool TryGetMaster(ReadOnlySpan<byte> clientRandom, Span<byte> room, out ReadOnlySpan<byte> secret) =>
        TryGet(clientRandom, isExporter: false, room, out secret);

    /// <summary>Copies the exporter secret of DTLS 1.3, as long as the hash of its cipher suite; false where there is none.</summary>
    /// <inheritdoc cref="TryGetMaster" path="/param"/>
    internal bool TryGetExporter(ReadOnlySpan<byte> clientRandom, Span<byte> room, out ReadOnlySpan<byte> secret) =>
        TryGet(clientRandom, isExporter: true, room, out secret);

    private bool TryGet(ReadOnlySpan<byte> clientRandom, bool isExporter, Span<byte> room, out ReadOnlySpan<byte> secret)
    {
        secret = default;
        if (clientRandom.Length != RandomBytes) return false;
        lock (_lock)
        {
            if (!_entries.TryGetValue(HelloRandom.Of(clientRandom), out Secrets? entry)) return false;
            byte[] known = isExporter ? entry.Exporter : entry.Master;
            known.CopyTo(room);
            secret = room[..known.Length];
        }

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

        lock (_lock) Keep(HelloRandom.Of(random), secret[..(secretText.Length / 2)].ToArray(), isExporter);
        CryptographicOperations.ZeroMemory(secret);
    }

    private void Keep(HelloRandom key, byte[] secret, bool isExporter)
    {
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

        if (isExporter) entry.Exporter = secret;
        else entry.Master = secret;
    }

    private static bool TryReadHex(ReadOnlySpan<byte> text, Span<byte> bytes)
    {
        if (text.IsEmpty || text.Length != bytes.Length * 2) return false;
        for (int i = 0; i < bytes.Length; i++)
        {
            int high = Hex.Digit(text[i * 2]), low = Hex.Digit(text[(i * 2) + 1]);
            if ((high | low) < 0) return false;
            bytes[i] = (byte)((high << 4) | low);
        }

        return true;
    }

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
