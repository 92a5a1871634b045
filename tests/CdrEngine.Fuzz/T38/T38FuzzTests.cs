using Xunit;

namespace CdrEngine.Fuzz.T38;

/// <summary>Smoke run of the fax fuzz target: seeded, so that a failure prints what repeats it.</summary>
public sealed class T38FuzzTests
{
    private static readonly byte[][] Seeds =
    [
        Convert.FromHexString("0000010200020106" + "0104"),
        Convert.FromHexString("000709C0018000040102030405" + "0002" + "0102" + "05C001800000FF"),
        Convert.FromHexString("00091DC0028000" + "16FFC0028C4CCC2CAC6CEC040C4C042C2CD40404040404" + "20" + "0000"),
        Convert.FromHexString("0010010680010302" + "0401020304" + "0105"),
    ];

    [Fact]
    public void Seeds_AreRead()
    {
        foreach (byte[] seed in Seeds) T38Fuzz.Run(seed);
    }

    [Fact]
    public void T38Target_OnSeededBytes_HoldsItsWord()
    {
        for (int round = 0; round < 100_000; round++)
        {
            var random = new Random(round);
            byte[] input = [.. Seeds[round % Seeds.Length]];
            for (int changes = random.Next(0, 5); changes > 0; changes--) input[random.Next(input.Length)] = (byte)random.Next(256);
            if (random.Next(3) == 0) input = input[..random.Next(input.Length + 1)];
            if (random.Next(16) == 0) random.NextBytes(input);
            try
            {
                T38Fuzz.Run(input);
            }
            catch (Exception exception)
            {
                Assert.Fail($"round {round}, {Convert.ToHexString(input)}: {exception.Message}");
            }
        }
    }
}
