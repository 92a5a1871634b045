using System.Text;
using CdrEngine.Media.Encoders;
using CdrEngine.Media.Mixing;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Media.Tests.Encoders;

/// <summary>WAV files.</summary>
public sealed class WavWriterTests
{
    [Fact]
    public void Bytes_AreHeaderThenSamples()
    {
        var output = new MemoryStream();
        var writer = new WavWriter(output, new PcmFormat(16_000, 2, 2));
        writer.Write([1, -2, 0x1234, short.MinValue]);
        writer.Complete();
        byte[] bytes = output.ToArray();
        Assert.Equal("52494646" + "2C000000" + "57415645666D7420" + "10000000" + "0100" + "0200" + "803E0000" + "00FA0000" + "0400" + "1000" + "64617461" + "08000000" + "0100FEFF34120080",
            Convert.ToHexString(bytes));
    }

    [Fact]
    public void FourGigabytesAndMore_HoldTheLargestSize()
    {
        var output = new MemoryStream();
        _ = new WavWriter(output, new PcmFormat(48_000, 2, 24L * 3600 * 48_000));
        Assert.Equal(uint.MaxValue - WavWriter.HeaderBytes, BitConverter.ToUInt32(output.ToArray(), 40));
        Assert.Equal(uint.MaxValue - 8, BitConverter.ToUInt32(output.ToArray(), 4));
    }

    [ToolFact("sox")]
    public void File_ReadByAnother_IsWhatItSays()
    {
        using var file = new ScratchFile(".wav");
        using (FileStream output = File.Create(file.Path))
        {
            var writer = new WavWriter(output, new PcmFormat(8000, 2, 12_345));
            writer.Write(new short[24_690]);
            writer.Complete();
        }

        string text = Encoding.UTF8.GetString(ForeignTool.Run("sox", "--i", file.Path));
        Assert.Contains("Channels       : 2", text);
        Assert.Contains("Sample Rate    : 8000", text);
        Assert.Contains("= 12345 samples", text);
    }
}
