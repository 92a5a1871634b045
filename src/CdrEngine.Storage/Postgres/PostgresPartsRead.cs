using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage.Postgres;

/// <summary>What looks into groups want next, read with one question: of each part of a group what is wanted of it, once. One thread.</summary>
internal sealed class PostgresPartsRead
{
    private readonly Dictionary<(long Number, int Part), Slice> _slices = [];

    /// <summary>Adds what a look wants; its bytes are there after <see cref="Read"/>.</summary>
    public void Add(PostgresTextGroup group, GroupRead read)
    {
        for (int i = 0; i < read.Parts.Count; i++)
        {
            (long at, int length) = read.Parts[i];
            byte[] bytes = read[i] = new byte[length];
            for (int done = 0; done < length;)
            {
                int part = (int)((at + done) / PostgresTextGroups.PartBytes), from = (int)((at + done) % PostgresTextGroups.PartBytes), count = Math.Min(length - done, PostgresTextGroups.PartBytes - from);
                if (!_slices.TryGetValue((group.Number, part), out Slice? slice)) _slices.Add((group.Number, part), slice = new Slice(group, part));
                slice.Want(from, count, bytes, done);
                done += count;
            }
        }
    }

    /// <summary>Reads them; gives the groups of which something is missing.</summary>
    public HashSet<PostgresTextGroup> Read(PostgresSession session)
    {
        Slice[] slices = [.. _slices.Values];
        HashSet<PostgresTextGroup> missing = [];
        if (slices.Length == 0) return missing;
        bool[] isThere = new bool[slices.Length];
        using (PostgresRows rows = session.Query(
            PostgresTextGroups.FindParts,
            Array.ConvertAll(slices, static slice => slice.Group.First),
            Array.ConvertAll(slices, static slice => slice.Group.Number),
            Array.ConvertAll(slices, static slice => (long)slice.Part),
            Array.ConvertAll(slices, static slice => slice.From + 1L),
            Array.ConvertAll(slices, static slice => (long)(slice.To - slice.From))))
        {
            while (rows.Step())
            {
                int place = (int)rows.Long(0) - 1;
                isThere[place] = slices[place].Give(rows.Blob(1));
            }
        }

        for (int i = 0; i < slices.Length; i++)
        {
            if (!isThere[i]) missing.Add(slices[i].Group);
        }

        return missing;
    }

    // What is wanted of a part, with what lies between.
    private sealed class Slice(PostgresTextGroup group, int part)
    {
        private readonly List<(int From, int Count, byte[] To, int At)> _wanted = [];

        public PostgresTextGroup Group => group;

        public int Part => part;

        public int From { get; private set; } = int.MaxValue;

        public int To { get; private set; }

        public void Want(int from, int count, byte[] to, int at)
        {
            (From, To) = (Math.Min(From, from), Math.Max(To, from + count));
            _wanted.Add((from, count, to, at));
        }

        public bool Give(byte[] bytes)
        {
            if (bytes.Length != To - From) return false;
            foreach ((int from, int count, byte[] to, int at) in _wanted) bytes.AsSpan(from - From, count).CopyTo(to.AsSpan(at));
            return true;
        }
    }
}
