namespace CdrEngine.Protocols.Pcap;

/// <summary>Where a <see cref="BlockReader"/> gets its bytes: a file, a pipe, an unpacked stream, a test's array.</summary>
public interface IBlockSource
{
    /// <summary>Reads some bytes, in order; 0 only at the end. May throw <see cref="IOException"/> or <see cref="InvalidDataException"/>,
    /// which the reader takes as the end of the input and keeps the message of.</summary>
    int Read(Span<byte> destination);
}
