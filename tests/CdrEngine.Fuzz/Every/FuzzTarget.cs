using System.Text;

namespace CdrEngine.Fuzz.Every;

/// <summary>One boundary at which bytes from elsewhere are read, with what must hold of any of them.</summary>
/// <param name="Name">Its name, and that of its folder of finds below <c>tests/fixtures/fuzz</c>.</param>
/// <param name="Seeds">Good inputs, to be spoiled.</param>
/// <param name="Run">Reads one input; throws where something does not hold that must.</param>
internal sealed record FuzzTarget(string Name, IReadOnlyList<byte[]> Seeds, Action<byte[]> Run)
{
    /// <summary>Bytes that one input may allocate, beside a multiple of its own size; 8 MiB unless said otherwise.</summary>
    public long AllocationBytes { get; init; } = 8 << 20;

    /// <summary>What the packet path does with an input: may allocate nothing at all. Null where this is no part of that path.</summary>
    public Action<byte[]>? HotPath { get; init; }

    /// <summary>Text as it goes over the wire.</summary>
    public static byte[] Text(string text) => Encoding.Latin1.GetBytes(text);

    /// <inheritdoc />
    public override string ToString() => Name;
}
