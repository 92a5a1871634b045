namespace CdrEngine.Host.Tests.Joined;

/// <summary>What a power cut does to the end of a file: what had not reached the disk is missing, zero, or there in another order.</summary>
internal static class TornFile
{
    private const int PageBytes = 4096;

    public enum Damage
    {
        Cut = 0,
        Zeros = 1,
        Swap = 2,
        Garbage = 3,
        Empty = 4,
    }

    /// <summary>Damages at most the last <paramref name="most"/> bytes; true where the file is another one now.</summary>
    public static bool Apply(string path, Damage damage, int most, Random random)
    {
        byte[] before = File.ReadAllBytes(path);
        if (before.Length == 0) return false;
        byte[] bytes = [.. before];
        int from = Math.Max(0, bytes.Length - random.Next(1, most + 1));
        int page = from / PageBytes * PageBytes;
        switch (damage)
        {
            case Damage.Cut:
                bytes = bytes[..from];
                break;
            case Damage.Zeros:
                // A page of the file that was never written, or all from there on.
                bytes.AsSpan(from, random.Next(2) == 0 ? bytes.Length - from : Math.Min(PageBytes, bytes.Length - from)).Clear();
                break;
            case Damage.Swap when bytes.Length - page > PageBytes:
                // The later of two pages was written, the earlier was not.
                bytes.AsSpan(page < from ? from : page, Math.Min(PageBytes - (from - page), bytes.Length - from)).Clear();
                break;
            case Damage.Garbage:
                random.NextBytes(bytes.AsSpan(from, Math.Min(random.Next(1, 600), bytes.Length - from)));
                break;
            case Damage.Empty:
                bytes = [];
                break;
        }

        if (bytes.AsSpan().SequenceEqual(before)) return false;
        File.WriteAllBytes(path, bytes);
        return true;
    }
}
