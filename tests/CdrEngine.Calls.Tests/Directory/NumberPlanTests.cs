using CdrEngine.Calls.Directory;

namespace CdrEngine.Calls.Tests.Directory;

/// <summary>Numbers of many countries, in the spellings of the wire.</summary>
public sealed class NumberPlanTests
{
    private static readonly Dictionary<string, NumberPlan> Plans = new NumberPlan[]
    {
        new() { Name = "de", CountryCode = "49", NationalPrefix = "0", AreaCode = "30", ExtensionLengths = [3, 4], Short = ["110", "112", "116117"], Bare = BareNumber.Subscriber },
        new() { Name = "de-out", CountryCode = "49", NationalPrefix = "0", OutsidePrefix = "0", ExtensionLengths = [3], Short = ["112"] },
        new() { Name = "de-carrier", CountryCode = "49", Bare = BareNumber.International },
        new() { Name = "us", CountryCode = "1", NationalPrefix = "1", InternationalPrefixes = ["011"], AreaCode = "212", NationalLengthMin = 10, NationalLengthMax = 10, ExtensionLengths = [4], Short = ["911"] },
        new() { Name = "gb", CountryCode = "44", NationalPrefix = "0", Short = ["999", "112"] },
        new() { Name = "fr", CountryCode = "33", NationalPrefix = "0", Short = ["15", "17", "18", "112"] },
        new() { Name = "it", CountryCode = "39", NationalLengthMin = 6, NationalLengthMax = 11, Short = ["112"] },
        new() { Name = "es", CountryCode = "34", NationalLengthMin = 9, NationalLengthMax = 9 },
        new() { Name = "dk", CountryCode = "45", NationalLengthMin = 8, NationalLengthMax = 8 },
        new() { Name = "ru", CountryCode = "7", NationalPrefix = "8", InternationalPrefixes = ["810"] },
        new() { Name = "hu", CountryCode = "36", NationalPrefix = "06" },
        new() { Name = "au", CountryCode = "61", NationalPrefix = "0", InternationalPrefixes = ["0011"] },
        new() { Name = "jp", CountryCode = "81", NationalPrefix = "0", InternationalPrefixes = ["010"] },
        new() { Name = "br", CountryCode = "55", NationalPrefix = "0", InternationalPrefixes = ["0014", "0015", "0021"], NationalLengthMin = 10, NationalLengthMax = 11 },
        new() { Name = "fi", CountryCode = "358", NationalPrefix = "0", InternationalPrefixes = ["00", "990", "994", "999"] },
        new() { Name = "sg", CountryCode = "65", NationalLengthMin = 8, NationalLengthMax = 8, InternationalPrefixes = ["000", "001"] },
        new() { Name = "pl", CountryCode = "48", NationalLengthMin = 9, NationalLengthMax = 9 },
        new() { Name = "at", CountryCode = "43", NationalPrefix = "0" },
    }.ToDictionary(static plan => plan.Name);

    [Theory]
    // Germany: one number, its spellings.
    [InlineData("de", "+4930123456", NumberKind.E164, "+4930123456")]
    [InlineData("de", "+49 (0)30 12 34-56", NumberKind.E164, "+4930123456")]
    [InlineData("de", "+49(30)123.456", NumberKind.E164, "+4930123456")]
    [InlineData("de", "004930123456", NumberKind.E164, "+4930123456")]
    [InlineData("de", "030 123456", NumberKind.E164, "+4930123456")]
    [InlineData("de", "030/123456", NumberKind.E164, "+4930123456")]
    [InlineData("de", "123456", NumberKind.E164, "+4930123456")]
    [InlineData("de", "sip:+4930123456@pbx.example;user=phone", NumberKind.E164, "+4930123456")]
    [InlineData("de", "sip:+4930123456;npdi@pbx.example", NumberKind.E164, "+4930123456")]
    [InlineData("de", "\"Alice\" <sips:%2B4930123456@pbx.example>;tag=1", NumberKind.E164, "+4930123456")]
    [InlineData("de", "tel:+49-30-123456;phone-context=example.com", NumberKind.E164, "+4930123456")]
    [InlineData("de", "sip:030123456:secret@pbx.example", NumberKind.E164, "+4930123456")]
    // Extensions, short numbers, codes, names, nobody.
    [InlineData("de", "1001", NumberKind.Extension, "1001")]
    [InlineData("de", "100", NumberKind.Extension, "100")]
    [InlineData("de", "112", NumberKind.Short, "112")]
    [InlineData("de", "116117", NumberKind.Short, "116117")]
    [InlineData("de", "*21#", NumberKind.Code, "*21#")]
    [InlineData("de", "sip:Alice@pbx.example", NumberKind.Name, "alice")]
    [InlineData("de", "sip:alice.b-c@pbx.example", NumberKind.Name, "alice.b-c")]
    [InlineData("de", "Anonymous", NumberKind.Anonymous, "anonymous")]
    [InlineData("de", "sip:anonymous@anonymous.invalid", NumberKind.Anonymous, "anonymous")]
    [InlineData("de", "Restricted", NumberKind.Anonymous, "restricted")]
    [InlineData("de", "", NumberKind.None, "")]
    [InlineData("de", "sip:pbx.example", NumberKind.None, "")]
    [InlineData("de", "-", NumberKind.Name, "-")]
    // What is no number of the world stays what it is.
    [InlineData("de", "+491", NumberKind.Digits, "+491")]
    [InlineData("de", "+4930123456789012", NumberKind.Digits, "+4930123456789012")]
    [InlineData("de", "000", NumberKind.Extension, "000")]
    [InlineData("de", "00049301234", NumberKind.Digits, "00049301234")]
    [InlineData("de", "+0301234567", NumberKind.Digits, "+0301234567")]
    [InlineData("de", "12345678901234567890", NumberKind.Digits, "12345678901234567890")]
    // An outside line.
    [InlineData("de-out", "0030123456", NumberKind.E164, "+4930123456")]
    [InlineData("de-out", "000442079460000", NumberKind.E164, "+442079460000")]
    [InlineData("de-out", "0112", NumberKind.Short, "112")]
    [InlineData("de-out", "112", NumberKind.Short, "112")]
    [InlineData("de-out", "101", NumberKind.Extension, "101")]
    [InlineData("de-carrier", "4930123456", NumberKind.E164, "+4930123456")]
    [InlineData("de-carrier", "442079460000", NumberKind.E164, "+442079460000")]
    // United States: by length.
    [InlineData("us", "2125550101", NumberKind.E164, "+12125550101")]
    [InlineData("us", "12125550101", NumberKind.E164, "+12125550101")]
    [InlineData("us", "(212) 555-0101", NumberKind.E164, "+12125550101")]
    [InlineData("us", "555-0101", NumberKind.E164, "+12125550101")]
    [InlineData("us", "011442079460000", NumberKind.E164, "+442079460000")]
    [InlineData("us", "911", NumberKind.Short, "911")]
    [InlineData("us", "1001", NumberKind.Extension, "1001")]
    [InlineData("us", "12345", NumberKind.E164, "+12345")]
    [InlineData("us", "23456", NumberKind.Digits, "23456")]
    [InlineData("gb", "020 7946 0000", NumberKind.E164, "+442079460000")]
    [InlineData("gb", "0044 20 7946 0000", NumberKind.E164, "+442079460000")]
    [InlineData("gb", "999", NumberKind.Short, "999")]
    [InlineData("fr", "01 23 45 67 89", NumberKind.E164, "+33123456789")]
    [InlineData("fr", "18", NumberKind.Short, "18")]
    // Italy keeps its zero.
    [InlineData("it", "06 1234 5678", NumberKind.E164, "+390612345678")]
    [InlineData("it", "+39 06 12345678", NumberKind.E164, "+390612345678")]
    [InlineData("it", "347 1234567", NumberKind.E164, "+393471234567")]
    [InlineData("es", "912345678", NumberKind.E164, "+34912345678")]
    [InlineData("es", "34912345678", NumberKind.E164, "+34912345678")]
    [InlineData("es", "12345", NumberKind.Digits, "12345")]
    [InlineData("dk", "33123456", NumberKind.E164, "+4533123456")]
    [InlineData("dk", "4533123456", NumberKind.E164, "+4533123456")]
    [InlineData("ru", "84951234567", NumberKind.E164, "+74951234567")]
    [InlineData("ru", "810442079460000", NumberKind.E164, "+442079460000")]
    [InlineData("hu", "0612345678", NumberKind.E164, "+3612345678")]
    [InlineData("au", "0291234567", NumberKind.E164, "+61291234567")]
    [InlineData("au", "0011442079460000", NumberKind.E164, "+442079460000")]
    [InlineData("jp", "0312345678", NumberKind.E164, "+81312345678")]
    [InlineData("jp", "010442079460000", NumberKind.E164, "+442079460000")]
    [InlineData("br", "1123456789", NumberKind.E164, "+551123456789")]
    [InlineData("br", "0014442079460000", NumberKind.E164, "+442079460000")]
    [InlineData("fi", "0401234567", NumberKind.E164, "+358401234567")]
    [InlineData("fi", "990442079460000", NumberKind.E164, "+442079460000")]
    [InlineData("sg", "61234567", NumberKind.E164, "+6561234567")]
    [InlineData("sg", "001442079460000", NumberKind.E164, "+442079460000")]
    [InlineData("pl", "221234567", NumberKind.E164, "+48221234567")]
    [InlineData("at", "0512345", NumberKind.E164, "+43512345")]
    public void Number_InASpellingOfTheWire_IsReadByThePlan(string plan, string wire, NumberKind kind, string value)
    {
        Span<char> bare = stackalloc char[NumberText.MaxLength];
        Span<char> buffer = stackalloc char[NumberText.MaxLength];
        int length = NumberText.Reduce(wire, bare);
        NumberKind read = Plans[plan].Read(bare[..length], buffer, out ReadOnlySpan<char> text);
        Assert.Equal((kind, value), (read, text.ToString()));
    }

    [Theory]
    [InlineData("sip:alice@pbx.example:5060;transport=tcp", "pbx.example")]
    [InlineData("sip:[2001:db8::1]:5060", "2001:db8::1")]
    [InlineData("sips:alice@[2001:db8::1]", "2001:db8::1")]
    [InlineData("\"A\" <sip:alice@10.0.0.1?x=y>;tag=1", "10.0.0.1")]
    [InlineData("sip:pbx.example>", "pbx.example")]
    [InlineData("tel:+4930123456", "")]
    [InlineData("sip:alice@[2001:db8::1", "")]
    public void Host_OfAUri_IsWithoutPortAndBrackets(string uri, string host) => Assert.Equal(host, NumberText.Host(uri).ToString());

    [Fact]
    public void Text_OfAnyKind_NeverThrowsAndStaysInBounds()
    {
        var random = new Random(1);
        const string alphabet = "0123456789+*#()-. /@:;<>[]%2Bsipteal\"\0é";
        char[] bare = new char[NumberText.MaxLength];
        char[] buffer = new char[NumberText.MaxLength];
        for (int i = 0; i < 20_000; i++)
        {
            string wire = string.Create(random.Next(90), random, static (span, random) =>
            {
                foreach (ref char c in span) c = alphabet[random.Next(alphabet.Length)];
            });
            int length = NumberText.Reduce(wire, bare);
            Assert.InRange(length, 0, NumberText.MaxLength);
            foreach (NumberPlan plan in Plans.Values)
            {
                NumberKind kind = plan.Read(bare.AsSpan(0, length), buffer, out ReadOnlySpan<char> value);
                if (kind == NumberKind.E164 && (value[0] != '+' || value.Length is < 5 or > 16 || value[1] == '0' || value[1..].ContainsAnyExceptInRange('0', '9')))
                    Assert.Fail($"{wire}: {value}");
            }

            _ = NumberText.Host(wire);
        }
    }
}
