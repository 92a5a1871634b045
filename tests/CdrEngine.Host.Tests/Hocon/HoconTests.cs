using System.Text;
using CdrEngine.Host.Hocon;
using Xunit;

namespace CdrEngine.Host.Tests.Hocon;

public sealed class HoconTests
{
    private static readonly Dictionary<string, string> Files = new(StringComparer.Ordinal)
    {
        ["conf/part.conf"] = "b = from-part\n",
        ["conf/deep/more.conf"] = "include \"../part.conf\"\nc = 3\n",
        ["conf/scoped.conf"] = "x = ${y}\ny = inner\n",
        ["conf/circle.conf"] = "include \"main.conf\"",
        ["conf/main.conf"] = "include \"circle.conf\"",
        ["conf/bad.conf"] = "ok = 1\nbad = ]",
    };

    // Input, and the whole tree as one line.
    public static TheoryData<string, string, string> Valid => new()
    {
        { "empty", "", "{}" },
        { "braces around all", "{ a = 1 }", "{a:1}" },
        { "colon, equals, no separator", "a : 1\nb = 2\nc { d = 3 }", "{a:1,b:2,c:{d:3}}" },
        { "hash and slash comments", "# first\na = 1 # one\nb = 2 // two\n// last", "{a:1,b:2}" },
        { "byte order mark and CRLF", "\uFEFFa = 1\r\nb = 2\r\n", "{a:1,b:2}" },
        { "dotted key", "a.b.c = 1\na.b.d = 2", "{a:{b:{c:1,d:2}}}" },
        { "quoted key with a dot", "a.\"b.c\" = 1", "{a:{\"b.c\":1}}" },
        { "objects merge", "a { b = 1, c = 2 }\na { c = 3 }", "{a:{b:1,c:3}}" },
        { "a text replaces an object", "a { b = 1 }\na = 2", "{a:2}" },
        { "an object after a text starts anew", "a { b = 1 }\na = 2\na { c = 3 }", "{a:{c:3}}" },
        { "list with commas and newlines", "a = [1, 2\n 3,\n # comment\n 4,]", "{a:[1,2,3,4]}" },
        { "list of objects", "a = [{ b = 1 }, { b = 2 }]", "{a:[{b:1},{b:2}]}" },
        { "empty list and object", "a = []\nb = {}", "{a:[],b:{}}" },
        { "bare text with blanks", "a = one  two three  # not this", "{a:\"one  two three\"}" },
        { "slash in a bare text", "a = /var/lib/x", "{a:/var/lib/x}" },
        { "quoted with escapes", """a = "x\"\\\n\tA" """, "{a:\"x\"\\\n\tA\"}" },
        { "triple quotes keep all", "a = \"\"\"one\n  \"two\" \\n\"\"\"\"", "{a:\"one\n  \"two\" \\n\"\"}" },
        { "quoted and bare side by side", "a = \"x\"y \"z\"", "{a:\"xy z\"}" },
        { "numbers and booleans stay text", "a = 1.5e3, b = yes, c = null, d = \"null\"", "{a:1.5e3,b:yes,c:null,d:\"null\"}" },
        { "value on the next line", "a =\n  1", "{a:1}" },
        { "plus equals", "a = [1]\na += 2\na += 3", "{a:[1,2,3]}" },
        { "plus equals on nothing", "a += 1", "{a:[1]}" },
        { "joined lists", "a = [1] [2, 3]", "{a:[1,2,3]}" },
        { "joined objects", "a = { b = 1 } { c = 2 }", "{a:{b:1,c:2}}" },
        { "substitution before its key", "a = ${b.c}\nb { c = 7 }", "{a:7,b:{c:7}}" },
        { "substitution in a text", "dir = /data\na = ${dir}\"/log\"", "{dir:/data,a:\"/data/log\"}" },
        { "substituted object with changes", "base { x = 1, y = 2 }\na = ${base} { y = 3 }", "{base:{x:1,y:2},a:{x:1,y:3}}" },
        { "substitution sees the last value", "a = 1\nb = ${a}\na = 2", "{a:2,b:2}" },
        { "a sibling inside the same object", "a { x = 1, y = ${a.x} }", "{a:{x:1,y:1}}" },
        { "environment fallback", "a = ${HOME_DIR}", "{a:\"/home/x\"}" },
        { "a key wins over the environment", "HOME_DIR = mine\na = ${HOME_DIR}", "{HOME_DIR:mine,a:mine}" },
        { "optional, absent: key stays away", "a = ${?NOT_SET}\nb = 1", "{b:1}" },
        { "optional, absent: earlier value stays", "a = 1\na = ${?NOT_SET}", "{a:1}" },
        { "optional, present: wins", "a = 1\na = ${?HOME_DIR}", "{a:\"/home/x\"}" },
        { "optional in a list", "a = [1, ${?NOT_SET}, 2]", "{a:[1,2]}" },
        { "self reference appends", "path = [1]\npath = ${path} [2]", "{path:[1,2]}" },
        { "self reference in a text", "path = a\npath = ${path}\":b\"", "{path:\"a:b\"}" },
        { "optional self reference on nothing", "path = ${?path} [2]", "{path:[2]}" },
        { "object laid over a substitution", "base { x = 1 }\na = ${base}\na { y = 2 }\nb = ${a.x}", "{base:{x:1},a:{x:1,y:2},b:1}" },
        { "include", "a = 1\ninclude \"part.conf\"", "{a:1,b:from-part}" },
        { "include file()", "include file(\"part.conf\")", "{b:from-part}" },
        { "include required()", "include required(file(\"part.conf\"))", "{b:from-part}" },
        { "include without extension", "include \"part\"", "{b:from-part}" },
        { "include relative to the including file", "include \"deep/more.conf\"", "{b:from-part,c:3}" },
        { "include inside an object", "o { include \"part.conf\" }", "{o:{b:from-part}}" },
        { "paths of an included file are below its place", "y = outer\no { include \"scoped.conf\" }", "{y:outer,o:{x:inner,y:inner}}" },
        { "include of a missing file", "include \"none.conf\"\na = 1", "{a:1}" },
        { "include as a key", "include = 1", "{include:1}" },
    };

    // Input, and the whole error line.
    public static TheoryData<string, string, string> Invalid => new()
    {
        { "no separator", "a b = 1", "conf/app.conf:1:3: '=', ':', '+=' or '{' is missing after the key 'a'" },
        { "no value", "x = 1\na =", "conf/app.conf:2:4: the value of 'a' is missing" },
        { "no value before the brace", "x { a = }", "conf/app.conf:1:9: the value of 'a' is missing" },
        { "open brace", "a {\n b = 1\n", "conf/app.conf:1:4: this '{' is never closed" },
        { "brace too many", "a { b = 1 }\n}", "conf/app.conf:2:1: '}' closes nothing" },
        { "open list", "a = [1,\n2", "conf/app.conf:1:5: this '[' is never closed" },
        { "bracket too many", "a = 1 ]", "conf/app.conf:1:7: ']' does not belong here" },
        { "brace in a list", "a = [ } ]", "conf/app.conf:1:7: '}' where a list item was expected" },
        { "open quote", "a = \"text\nb = 1", "conf/app.conf:1:5: this text has no closing quote on its line" },
        { "open triple quote", "a = \"\"\"text", "conf/app.conf:1:5: this text has no closing \"\"\"" },
        { "unknown escape", "a = \"\\x\"", "conf/app.conf:1:7: '\\x' is no escape; write '\\\\' for a backslash" },
        { "short unicode escape", "a = \"\\u12\"", "conf/app.conf:1:7: \\u needs four hexadecimal digits" },
        { "colon in a bare value", "listen = 127.0.0.1:8080", "conf/app.conf:1:19: ':' cannot stand in a value without quotes" },
        { "control character", "a = \u0001", "conf/app.conf:1:5: the character \\u0001 cannot stand in a value without quotes" },
        { "reserved character in a key", "a@b = 1", "conf/app.conf:1:2: '=', ':', '+=' or '{' is missing after the key 'a'" },
        { "empty key part", "a..b = 1", "conf/app.conf:1:3: a key is missing before '.'" },
        { "two commas", "a = 1,, b = 2", "conf/app.conf:1:7: two commas in a row" },
        { "a list at the root", "[1]", "conf/app.conf:1:1: a configuration is an object; this one starts with a list" },
        { "text after the root", "{ a = 1 } b", "conf/app.conf:1:11: 'b' after the closing brace of the configuration" },
        { "open substitution", "a = ${b", "conf/app.conf:1:5: this '${' is never closed" },
        { "unknown substitution", "a = 1\nb = ${nothing.here}", "conf/app.conf:2:5: ${nothing.here} is neither a key nor an environment variable" },
        { "circle of one", "a = ${a}", "conf/app.conf:1:5: ${a} refers to itself, and nothing was set before" },
        { "circle of two", "a = ${b}\nb = ${a}", "conf/app.conf:2:5: ${a} refers to itself, and nothing was set before" },
        { "an object with itself inside", "a { b = ${a} }", "conf/app.conf:1:9: ${a} refers to itself, and nothing was set before" },
        { "list joined to text", "a = x [1]", "conf/app.conf:1:7: a list cannot be joined to a text; is a comma or newline missing?" },
        { "text where a list is appended to", "a = x\na += 1", "conf/app.conf:2:6: a list cannot be joined to a text; is a comma or newline missing?" },
        { "include without quotes", "include part.conf", "conf/app.conf:1:9: include takes \"file\", file(\"file\"), required(\"file\") or required(file(\"file\"))" },
        { "include of an address", "include url(\"http://x\")", "conf/app.conf:1:9: include takes \"file\", file(\"file\"), required(\"file\") or required(file(\"file\"))" },
        { "include not closed", "include required(\"part.conf\"", "conf/app.conf:1:29: ')' is missing" },
        { "required and missing", "include required(\"none.conf\")", "conf/app.conf:1:1: the included file 'conf/none.conf' is not there" },
        { "include in a circle", "include \"circle.conf\"", "conf/main.conf:1:1: 'conf/circle.conf' includes itself: conf/app.conf -> conf/circle.conf -> conf/main.conf -> conf/circle.conf" },
        { "error inside an included file", "include \"bad.conf\"", "conf/bad.conf:2:7: the value of 'bad' is missing" },
    };

    [Theory]
    [MemberData(nameof(Valid))]
    public void Text_ThatIsValid_GivesItsTree(string name, string text, string expected)
    {
        Assert.NotEmpty(name);
        Assert.Equal(expected, Show(Read(text)));
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Text_ThatIsInvalid_GivesOneLineWithItsPlace(string name, string text, string expected)
    {
        Assert.NotEmpty(name);
        HoconException error = Assert.Throws<HoconException>(() => Read(text));
        Assert.Equal(expected, error.Message);
    }

    [Fact]
    public void Text_CutAnywhere_ReadsOrSaysWhereItFails()
    {
        const string whole = "a { b = \"x\\n\" [1] ${?c} }\ninclude required(file(\"part.conf\"))\nd += { e = \"\"\"f\"\"\" } // g\nh.\"i\" : null";
        int failures = 0;
        for (int length = 0; length <= whole.Length; length++)
        {
            try
            {
                Read(whole[..length]);
            }
            catch (HoconException e)
            {
                failures++;
                Assert.Matches(@"^conf/app\.conf:\d+:\d+: .+$", e.Message);
            }
        }

        Assert.InRange(failures, 1, whole.Length);
    }

    [Theory]
    [InlineData("{", "}")]
    [InlineData("[", "]")]
    public void Nesting_BeyondTheLimit_IsRefused(string open, string close)
    {
        string text = "a = " + string.Concat(Enumerable.Repeat(open == "{" ? "{ a = " : open, 5000)) + "1" + string.Concat(Enumerable.Repeat(close, 5000));
        Assert.EndsWith("nested deeper than 64 levels", Assert.Throws<HoconException>(() => Read(text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Substitutions_ThatDoubleEachOther_AreRefused()
    {
        var text = new StringBuilder("a0 = x\n");
        for (int i = 1; i < 60; i++) text.Append($"a{i} = ${{a{i - 1}}}${{a{i - 1}}}\n");
        Assert.Contains("do substitutions repeat each other?", Assert.Throws<HoconException>(() => Read(text.ToString())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Substitutions_InALongChain_AreRefused()
    {
        var text = new StringBuilder();
        for (int i = 0; i < 20_000; i++) text.Append($"a{i} = ${{a{i + 1}}}\n");
        Assert.EndsWith("substitutions go more than 500 deep", Assert.Throws<HoconException>(() => Read(text.ToString())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Layers_LaidOverEachOther_ResolveTogether()
    {
        HoconDocument lower = HoconDocument.Parse("a { b = 1, c = ${a.b}, list = [1] }", "low");
        HoconDocument upper = HoconDocument.Parse("a.b = 2\na.list += 2", "high");
        HoconValue tree = lower.With(upper).Set("a.d", "x:y", "--d").Resolve(static _ => null);
        Assert.Equal("{a:{b:2,c:2,list:[1,2],d:\"x:y\"}}", Show(tree));
        Assert.Equal("high:1:7", tree.At("a", "b")!.Position.ToString());
        Assert.Equal("--d", tree.At("a", "d")!.Position.ToString());
    }

    [Theory]
    [InlineData("4s", 4_000_000)]
    [InlineData("200ms", 200_000)]
    [InlineData("1 hour", 3_600_000_000)]
    [InlineData("1.5 minutes", 90_000_000)]
    [InlineData("250us", 250)]
    [InlineData("2000 nanos", 2)]
    [InlineData("2d", 172_800_000_000)]
    [InlineData("1w", 604_800_000_000)]
    [InlineData("0", 0)]
    public void Duration_WithItsUnit_IsRead(string text, long microseconds)
    {
        Assert.Null(HoconUnits.TryReadDuration(text, out TimeSpan duration));
        Assert.Equal(microseconds, duration.Ticks / TimeSpan.TicksPerMicrosecond);
    }

    [Theory]
    [InlineData("4", "'4' has no unit; write 4ms, 4s, 4m, 4h or 4d")]
    [InlineData("4 fortnights", "'fortnights' is no unit of time; known are ns, us, ms, s, m, h, d, w")]
    [InlineData("soon", "'soon' is no duration; write for example 4s, 200ms or 1h")]
    [InlineData("1.2.3s", "'1.2.3s' is no duration; write for example 4s, 200ms or 1h")]
    [InlineData("99999999999999999d", "'99999999999999999d' is out of range")]
    public void Duration_ThatIsNone_SaysWhy(string text, string problem) => Assert.Equal(problem, HoconUnits.TryReadDuration(text, out _));

    [Theory]
    [InlineData("512", 512)]
    [InlineData("256 KiB", 262_144)]
    [InlineData("1GB", 1_000_000_000)]
    [InlineData("16K", 16_384)]
    [InlineData("16kB", 16_000)]
    [InlineData("1.5 MiB", 1_572_864)]
    [InlineData("2 terabytes", 2_000_000_000_000)]
    public void Size_WithOrWithoutUnit_IsRead(string text, long bytes)
    {
        Assert.Null(HoconUnits.TryReadSize(text, out long read));
        Assert.Equal(bytes, read);
    }

    [Theory]
    [InlineData("big", "'big' is no size; write for example 256KiB, 1GB or 4096")]
    [InlineData("1 XB", "'XB' is no unit of size; known are B, kB, MB, GB, TB, KiB, MiB, GiB, TiB")]
    [InlineData("99999999999TiB", "'99999999999TiB' is out of range")]
    public void Size_ThatIsNone_SaysWhy(string text, string problem) => Assert.Equal(problem, HoconUnits.TryReadSize(text, out _));

    [Theory]
    [InlineData("", "abc", 3)]
    [InlineData("linger", "lingre", 1)]
    [InlineData("linger", "lingr", 1)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("same", "same", 0)]
    public void EditDistance_OfTwoWords_CountsSlips(string left, string right, int distance)
    {
        Assert.Equal(distance, EditDistance.Between(left, right));
        Assert.Equal(distance, EditDistance.Between(right, left));
    }

    private static HoconValue Read(string text) => HoconDocument
        .Parse(text, "conf/app.conf", static path => Files.GetValueOrDefault(Path.GetRelativePath("/", Path.GetFullPath(path, "/"))))
        .Resolve(static name => name == "HOME_DIR" ? "/home/x" : null);

    private static string Show(HoconValue value) => value.Kind switch
    {
        HoconKind.Null => "null",
        HoconKind.Text => value.IsQuoted ? $"\"{value.Text}\"" : value.Text,
        HoconKind.List => $"[{string.Join(',', value.Items.Select(Show))}]",
        _ => $"{{{string.Join(',', value.Members.Select(static member => $"{(member.Key.Contains('.') ? $"\"{member.Key}\"" : member.Key)}:{Show(member.Value.Value)}"))}}}",
    };
}
