using System.Text;

namespace CdrEngine.Storage.Texts;

/// <summary>Texts of a day that stand in no segment of it, on their way into a group: those of <see cref="TextFields.OfGroups"/>. One thread.</summary>
internal sealed class FieldTexts
{
    private readonly Dictionary<(int Field, string Text), List<int>> _places = [];

    /// <summary>Adds an address of a call, as <see cref="Sqlite.CallRow.Address(Core.IpAddress)"/> has it.</summary>
    public void AddAddress(ReadOnlySpan<byte> address, int place) => Add(TextFields.Address, Convert.ToHexString(address), place);

    /// <summary>Adds what groups have of the Call-ID of a call.</summary>
    public void AddCallId(string id, int place)
    {
        if (id.IndexOf('@') is var at && at >= 0) Add(TextFields.CallIdHost, id[at..], place);
        foreach (char c in id.Distinct().Where(static c => !char.IsSurrogate(c))) Add(TextFields.CallIdCharacter, c.ToString(), place);
    }

    /// <summary>They, as a group takes them in.</summary>
    /// <param name="begin">Where the first place of the day has its own in the group.</param>
    public TextGroupSource ToSource(int begin)
    {
        TextBytes texts = new(), lists = new(), list = new();
        int[] ends = new int[TextGroup.Fields];
        foreach (((int field, string text), List<int> places) in _places.OrderBy(static pair => pair.Key.Field).ThenBy(static pair => pair.Key.Text, StringComparer.Ordinal))
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(text);
            texts.Add((uint)utf8.Length);
            texts.Add(utf8);
            places.SortDistinct();
            list.Clear();
            int before = 0;
            foreach (int place in places)
            {
                list.Add((uint)(place - before));
                before = place;
            }

            lists.Add((uint)list.Length);
            lists.Add(list.Written);
            for (int i = field; i < ends.Length; i++) ends[i]++;
        }

        var source = new TextGroupSource(begin);
        source.Add(texts.ToArray(), lists.ToArray(), ends);
        return source;
    }

    // The places of a text come in any order, each once or more.
    private void Add(TextFields field, string text, int place)
    {
        (int, string) key = (System.Numerics.BitOperations.TrailingZeroCount((int)field), text);
        if (!_places.TryGetValue(key, out List<int>? places)) _places.Add(key, places = []);
        places.Add(place);
    }
}
