using Xunit;

namespace CdrEngine.Core.Tests;

public sealed class Fnv1aTests
{
    // From the list of test vectors of draft-eastlake-fnv, appendix C.
    [Theory]
    [InlineData("", 0xcbf29ce484222325UL)]
    [InlineData("a", 0xaf63dc4c8601ec8cUL)]
    [InlineData("foobar", 0x85944171f73967e8UL)]
    public void Sum_OfKnownTexts_IsThatOfTheList(string text, ulong sum) => Assert.Equal(sum, Fnv1a.Add(Fnv1a.Empty, System.Text.Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void Add_OfWords_IsAddOfEachByItself() => Assert.Equal(Fnv1a.Add(Fnv1a.Empty, "ab"u8), Fnv1a.Add(Fnv1a.Add(Fnv1a.Empty, 'a'), 'b'));
}
