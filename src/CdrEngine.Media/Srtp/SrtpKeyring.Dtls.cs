using System.Buffers.Binary;
using System.Security.Cryptography;
using CdrEngine.Protocols.Dtls;

namespace CdrEngine.Media.Srtp;

/// <content>Keys of DTLS-SRTP (RFC 5764), where a key log holds the secrets.</content>
public sealed partial class SrtpKeyring
{
    private const int MaxProfiles = 4;
    private const int MostMaterialBytes = 2 * (32 + 14);

    private readonly DtlsKeyLog? _keyLog;
    private readonly Dictionary<int, Handshake> _handshakes = [];

    /// <summary>Takes a DTLS datagram of a media port. Once both hellos of a handshake were seen, and the key log knows its secret, what both sides send
    /// can be opened.</summary>
    /// <param name="side">0 caller, 1 callee: who sent it.</param>
    /// <param name="mediaIndex">M-line to which its address pair belongs.</param>
    /// <param name="datagram">The whole datagram; anything but DTLS hellos is passed over.</param>
    /// <returns>True where this datagram gave keys.</returns>
    /// <remarks>The client's keys protect what the client sends, whoever made the call (RFC 5764 4.2).</remarks>
    public bool ObserveDtls(int side, int mediaIndex, ReadOnlySpan<byte> datagram)
    {
        if (!_handshakes.TryGetValue(mediaIndex, out Handshake? handshake))
        {
            if (_handshakes.Count >= _limits.MaxSources) return false;
            handshake = new Handshake();
            _handshakes.Add(mediaIndex, handshake);
        }

        bool isNew = false;
        DtlsHelloReader reader = (side & 1) == 0 ? handshake.Caller : handshake.Callee;
        while (reader.TryRead(ref datagram, out DtlsHello hello))
        {
            if (hello.Kind == DtlsHelloKind.Client) handshake.Offer(side & 1, hello);
            else if (!hello.IsRetry && handshake.IsOffered && handshake.ClientSide != (side & 1)) isNew |= Conclude(handshake, mediaIndex, hello);
        }

        return isNew;
    }

    private bool Conclude(Handshake handshake, int mediaIndex, DtlsHello server)
    {
        // The server's flight may be repeated; its keys stay what they are.
        if (handshake.IsConcludedWith(server.RandomValue)) return false;
        handshake.ConcludeWith(server.RandomValue);
        ReadOnlySpan<byte> chosen = server.Version == DtlsHello.Version13 ? handshake.Profiles : server.Profiles;
        bool isKnown = false;
        if (_keyLog is not null && !chosen.IsEmpty)
        {
            // Last first: what the client likes best ends up at the front. In DTLS 1.3 the choice is out of sight, and the tags decide.
            for (int at = Math.Min(chosen.Length, MaxProfiles * 2) - 2; at >= 0; at -= 2)
            {
                isKnown |= AddProfile(handshake, mediaIndex, server, BinaryPrimitives.ReadUInt16BigEndian(chosen[at..]));
            }
        }

        if (!chosen.IsEmpty) Counters.Increment(isKnown ? SrtpCounter.DtlsWithKey : SrtpCounter.DtlsWithoutKey);
        return isKnown;
    }

    private bool AddProfile(Handshake handshake, int mediaIndex, DtlsHello server, int profile)
    {
        SrtpSuite suite = SrtpSuites.FromProfile(profile);
        if (suite == SrtpSuite.None) return false;
        int keyBytes = SrtpSuites.KeyBytes(suite), saltBytes = SrtpSuites.SaltBytes(suite);
        Span<byte> material = stackalloc byte[MostMaterialBytes];
        material = material[..(2 * (keyBytes + saltBytes))];
        Span<byte> room = stackalloc byte[DtlsKeyLog.MaxSecretBytes];
        DtlsHash hash = DtlsCipherSuites.HashOf(server.CipherSuite);
        if (server.Version == DtlsHello.Version13)
        {
            if (!_keyLog!.TryGetExporter(handshake.ClientRandom, room, out ReadOnlySpan<byte> exporter)) return false;
            DtlsSrtpExporter.FromExporter(hash, exporter, material);
        }
        else
        {
            if (!_keyLog!.TryGetMaster(handshake.ClientRandom, room, out ReadOnlySpan<byte> master)) return false;
            DtlsSrtpExporter.FromMaster(server.Version, hash, master, handshake.ClientRandom, server.RandomValue, material);
        }

        // client key, server key, client salt, server salt
        ReadOnlySpan<byte> salts = material[(2 * keyBytes)..];
        int client = handshake.ClientSide;
        bool isAdded = AddKey(client, mediaIndex, suite, material[..keyBytes], salts[..saltBytes], server.Mki, SrtpProtection.Dtls)
            && AddKey(client ^ 1, mediaIndex, suite, material.Slice(keyBytes, keyBytes), salts[saltBytes..], server.Mki, SrtpProtection.Dtls);
        CryptographicOperations.ZeroMemory(material);
        CryptographicOperations.ZeroMemory(room);
        return isAdded;
    }

    /// <summary>What is known of the latest handshake on an m-line.</summary>
    private sealed class Handshake
    {
        private readonly byte[] _clientRandom = new byte[DtlsHello.RandomBytes];
        private readonly byte[] _serverRandom = new byte[DtlsHello.RandomBytes];
        private readonly byte[] _profiles = new byte[MaxProfiles * 2];
        private int _profileBytes;
        private bool _isConcluded;

        public DtlsHelloReader Caller { get; } = new();

        public DtlsHelloReader Callee { get; } = new();

        public bool IsOffered { get; private set; }

        public int ClientSide { get; private set; }

        public ReadOnlySpan<byte> ClientRandom => _clientRandom;

        /// <summary>Profiles the client offered, the first few.</summary>
        public ReadOnlySpan<byte> Profiles => _profiles.AsSpan(0, _profileBytes);

        public void Offer(int side, DtlsHello hello)
        {
            // The same hello again: with the server's cookie, or repeated because an answer was lost.
            if (IsOffered && ClientSide == side && hello.RandomValue.SequenceEqual(_clientRandom)) return;
            IsOffered = true;
            _isConcluded = false;
            ClientSide = side;
            hello.RandomValue.CopyTo(_clientRandom);
            _profileBytes = Math.Min(hello.Profiles.Length, _profiles.Length);
            hello.Profiles[.._profileBytes].CopyTo(_profiles);
        }

        public bool IsConcludedWith(ReadOnlySpan<byte> serverRandom) => _isConcluded && serverRandom.SequenceEqual(_serverRandom);

        public void ConcludeWith(ReadOnlySpan<byte> serverRandom)
        {
            _isConcluded = true;
            serverRandom.CopyTo(_serverRandom);
        }
    }
}
