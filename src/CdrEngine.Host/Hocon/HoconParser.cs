using System.Globalization;
using System.Text;

namespace CdrEngine.Host.Hocon;

/// <summary>Reads HOCON text into nodes. What it covers: comments (<c>#</c>, <c>//</c>), nested objects, dotted and quoted keys, <c>=</c>,
/// <c>:</c>, <c>+=</c> and <c>{</c> after a key, lists, quoted, triple-quoted and bare texts, values side by side, substitutions,
/// <c>include</c>. What it refuses, with the place: everything else.</summary>
internal sealed class HoconParser
{
    /// <summary>Deepest nesting; a file beyond it is a mistake, and the reader recurses.</summary>
    internal const int MaxDepth = 64;

    private const char End = '\0';

    /// <summary>Characters that HOCON keeps for itself outside quotes.</summary>
    private const string Reserved = "$\"{}[]:=,+#`^?!@*&\\";

    private readonly string _text;
    private readonly string _file;
    private readonly HoconFiles _files;
    private readonly string[] _chain;
    private readonly string[] _scope;
    private string[] _path = [];
    private int _at;
    private int _line = 1;
    private int _lineStart;
    private int _depth;

    private HoconParser(string text, string file, HoconFiles files, string[] chain, string[] scope)
    {
        _text = text;
        _file = file;
        _files = files;
        _chain = chain;
        _scope = scope;
        if (_text.StartsWith('\uFEFF')) _at = _lineStart = 1;
    }

    /// <summary>Parses a whole text. <paramref name="chain"/> holds the files being read, this one last: a file in it is not included
    /// again.</summary>
    public static ObjectNode Parse(string text, string file, HoconFiles files, string[] chain, string[] scope)
    {
        var parser = new HoconParser(text, file, files, chain, scope);
        return parser.Root();
    }

    /// <summary>Reads a path as in a key: <c>a.b."c.d"</c>.</summary>
    public static string[] ParsePath(string text, HoconPosition at)
    {
        var parser = new HoconParser(text, at.File, HoconFiles.None, [], []);
        string[] path = parser.Path();
        return parser._at == text.Length ? path : throw new HoconException(at, $"'{text}' is no key");
    }

    private ObjectNode Root()
    {
        var root = new ObjectNode(Here());
        SkipBlankAndNewlines();
        if (Peek() == '[') throw Fail("a configuration is an object; this one starts with a list");
        bool braces = Peek() == '{';
        if (braces) Next();
        Members(root, braces);
        SkipBlankAndNewlines();
        if (!AtEnd) throw Fail($"{Show(Peek())} after the closing brace of the configuration");
        return root;
    }

    // Reads members up to the closing brace (which is consumed) or, without braces, to the end.
    private void Members(ObjectNode target, bool braces)
    {
        HoconPosition open = Here();
        if (++_depth > MaxDepth) throw Fail($"nested deeper than {MaxDepth} levels");
        while (true)
        {
            SkipSeparators();
            if (AtEnd)
            {
                if (braces) throw new HoconException(open, "this '{' is never closed");
                break;
            }

            if (Peek() == '}')
            {
                if (!braces) throw Fail("'}' closes nothing");
                Next();
                break;
            }

            Member(target);
        }

        _depth--;
    }

    private void Member(ObjectNode target)
    {
        HoconPosition at = Here();
        if (AtInclude())
        {
            Include(target);
            return;
        }

        string[] path = Path();
        SkipBlank();
        HoconField field = target.Field(path, at);
        string[] outer = _path;
        _path = [.. _path, .. path];
        switch (Peek())
        {
            case '{':
                field.Assign(Value(path));
                break;
            case '=' or ':':
                Next();
                SkipBlankAndNewlines();
                field.Assign(Value(path));
                break;
            case '+' when PeekAt(1) == '=':
                Next();
                Next();
                SkipBlankAndNewlines();
                HoconNode item = Value(path);
                var one = new ListNode(item.Position);
                one.Items.Add(item);
                field.Assign(new JoinNode(item.Position, [new SelfNode(item.Position), one]));
                break;
            default:
                throw Fail($"'=', ':', '+=' or '{{' is missing after the key '{string.Join('.', path)}'");
        }

        _path = outer;
        SkipBlank();
        if (!AtEnd && Peek() is not ('\n' or ',' or '}' or '#') && !AtComment())
            throw Fail($"{Show(Peek())} does not belong here");
    }

    private string[] Path()
    {
        var keys = new List<string>();
        while (true)
        {
            HoconPosition at = Here();
            if (Peek() == '"')
            {
                keys.Add(Quoted());
            }
            else
            {
                int start = _at;
                while (!AtEnd && Peek() != '.' && IsBare(Peek()) && !AtComment()) Next();
                if (_at == start)
                {
                    throw AtEnd || Peek() is '\n' ? new HoconException(at, "a key is missing")
                        : Peek() == '.' ? new HoconException(at, "a key is missing before '.'")
                        : new HoconException(at, $"{Show(Peek())} cannot stand in a key without quotes");
                }

                keys.Add(_text[start.._at]);
            }

            if (Peek() != '.') return [.. keys];
            Next();
        }
    }

    private HoconNode Value(string[] key)
    {
        HoconPosition start = Here();
        var pieces = new List<HoconNode>(1);
        int blank = _at;
        while (true)
        {
            SkipBlank();
            if (AtEnd || Peek() is '\n' or ',' or '}' or ']' or '#' || AtComment()) break;
            if (pieces.Count > 0 && _at > blank) pieces.Add(new ScalarNode(Here(), _text[blank.._at], isQuoted: false));
            pieces.Add(Piece());
            blank = _at;
        }

        return pieces.Count switch
        {
            0 => throw new HoconException(start, key.Length == 0 ? "a value is missing" : $"the value of '{string.Join('.', key)}' is missing"),
            1 => pieces[0],
            _ => new JoinNode(start, pieces),
        };
    }

    private HoconNode Piece()
    {
        HoconPosition at = Here();
        char c = Peek();
        switch (c)
        {
            case '{':
                Next();
                var members = new ObjectNode(at);
                Members(members, braces: true);
                return members;
            case '[':
                return List();
            case '"':
                return new ScalarNode(at, Quoted(), isQuoted: true);
            case '$' when PeekAt(1) == '{':
                return Substitution();
            default:
                int start = _at;
                while (!AtEnd && IsBare(Peek()) && !AtComment()) Next();
                if (_at == start) throw Fail($"{Show(c)} cannot stand in a value without quotes");
                return new ScalarNode(at, _text[start.._at], isQuoted: false);
        }
    }

    private ListNode List()
    {
        var list = new ListNode(Here());
        if (++_depth > MaxDepth) throw Fail($"nested deeper than {MaxDepth} levels");
        Next();
        while (true)
        {
            SkipBlankAndNewlines();
            if (AtEnd) throw new HoconException(list.Position, "this '[' is never closed");
            if (Peek() == ']') break;
            if (Peek() is ',' or '}') throw Fail($"{Show(Peek())} where a list item was expected");
            list.Items.Add(Value([]));
            SkipBlankAndNewlines();
            if (Peek() == ',') Next();
        }

        Next();
        _depth--;
        return list;
    }

    private SubstitutionNode Substitution()
    {
        HoconPosition at = Here();
        Next();
        Next();
        bool optional = Peek() == '?';
        if (optional) Next();
        SkipBlank();
        string[] path = Path();
        SkipBlank();
        if (Peek() != '}') throw new HoconException(at, "this '${' is never closed");
        Next();
        return new SubstitutionNode(at, path, optional, _scope);
    }

    private string Quoted()
    {
        HoconPosition at = Here();
        if (PeekAt(1) == '"' && PeekAt(2) == '"') return TripleQuoted(at);
        Next();
        var text = new StringBuilder();
        while (true)
        {
            if (AtEnd || Peek() == '\n') throw new HoconException(at, "this text has no closing quote on its line");
            char c = Next();
            if (c == '"') return text.ToString();
            text.Append(c == '\\' ? Escape() : c);
        }
    }

    private string TripleQuoted(HoconPosition at)
    {
        for (int i = 0; i < 3; i++) Next();
        int start = _at;
        while (true)
        {
            if (AtEnd) throw new HoconException(at, "this text has no closing \"\"\"");
            if (Peek() != '"' || PeekAt(1) != '"' || PeekAt(2) != '"')
            {
                Next();
                continue;
            }

            // Quotes beyond three belong to the text.
            while (PeekAt(3) == '"') Next();
            string text = _text[start.._at];
            for (int i = 0; i < 3; i++) Next();
            return text;
        }
    }

    private char Escape()
    {
        HoconPosition at = Here();
        char c = AtEnd ? End : Next();
        switch (c)
        {
            case '"' or '\\' or '/': return c;
            case 'b': return '\b';
            case 'f': return '\f';
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'u' when _at + 4 <= _text.Length
                && ushort.TryParse(_text.AsSpan(_at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code):
                _at += 4;
                return (char)code;
            default:
                throw new HoconException(at, c == 'u' ? "\\u needs four hexadecimal digits" : $"'\\{c}' is no escape; write '\\\\' for a backslash");
        }
    }

    // include "f" | include file("f") | include required("f") | include required(file("f"))
    private bool AtInclude()
    {
        const string word = "include";
        if (!_text.AsSpan(_at).StartsWith(word, StringComparison.Ordinal) || PeekAt(word.Length) is not (' ' or '\t')) return false;
        int next = _at + word.Length;
        while (next < _text.Length && _text[next] is ' ' or '\t') next++;
        return next < _text.Length && (_text[next] == '"' || char.IsAsciiLetter(_text[next]));
    }

    private void Include(ObjectNode target)
    {
        HoconPosition at = Here();
        for (int i = 0; i < "include".Length; i++) Next();
        SkipBlank();
        bool required = TakeWord("required(");
        SkipBlank();
        bool file = TakeWord("file(");
        SkipBlank();
        if (Peek() != '"')
            throw Fail("include takes \"file\", file(\"file\"), required(\"file\") or required(file(\"file\"))");
        string name = Quoted();
        if (file) CloseParenthesis();
        if (required) CloseParenthesis();

        (string path, string? text) = _files.Read(_file, name, at);
        if (text is null)
        {
            if (required) throw new HoconException(at, $"the included file '{path}' is not there");
            return;
        }

        if (_chain.Contains(path, StringComparer.Ordinal))
            throw new HoconException(at, $"'{path}' includes itself: {string.Join(" -> ", _chain)} -> {path}");
        if (_chain.Length >= MaxDepth) throw new HoconException(at, $"files include each other more than {MaxDepth} deep");
        target.Merge(Parse(text, path, _files, [.. _chain, path], [.. _scope, .. _path]));
    }

    private void CloseParenthesis()
    {
        SkipBlank();
        if (Peek() != ')') throw Fail("')' is missing");
        Next();
    }

    private bool TakeWord(string word)
    {
        if (!_text.AsSpan(_at).StartsWith(word, StringComparison.Ordinal)) return false;
        for (int i = 0; i < word.Length; i++) Next();
        return true;
    }

    private bool AtEnd => _at >= _text.Length;

    private char Peek() => AtEnd ? End : _text[_at];

    private char PeekAt(int offset) => _at + offset < _text.Length ? _text[_at + offset] : End;

    private char Next()
    {
        char c = _text[_at++];
        if (c == '\n')
        {
            _line++;
            _lineStart = _at;
        }

        return c;
    }

    private bool AtComment() => Peek() == '#' || (Peek() == '/' && PeekAt(1) == '/');

    private static bool IsBare(char c) => !char.IsWhiteSpace(c) && c != '\uFEFF' && !char.IsControl(c) && !Reserved.Contains(c);

    private void SkipBlank()
    {
        while (!AtEnd && Peek() != '\n' && char.IsWhiteSpace(Peek())) Next();
    }

    private void SkipBlankAndNewlines()
    {
        while (true)
        {
            while (!AtEnd && char.IsWhiteSpace(Peek())) Next();
            if (!AtComment()) return;
            while (!AtEnd && Peek() != '\n') Next();
        }
    }

    // Between members: newlines, and one comma.
    private void SkipSeparators()
    {
        SkipBlankAndNewlines();
        if (Peek() != ',') return;
        Next();
        SkipBlankAndNewlines();
        if (Peek() == ',') throw Fail("two commas in a row");
    }

    // A character as an error line shows it: a control character never reaches the terminal.
    private static string Show(char c) => char.IsControl(c) ? $"the character \\u{(int)c:x4}" : $"'{c}'";

    private HoconPosition Here() => new(_file, _line, _at - _lineStart + 1);

    private HoconException Fail(string problem) => new(Here(), problem);
}
