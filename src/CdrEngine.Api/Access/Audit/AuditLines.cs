namespace CdrEngine.Api.Access.Audit;

/// <summary>Reads the lines of a file, in either direction, in bounded memory.</summary>
internal static class AuditLines
{
    // Longer than any line there can be, so that a whole one is always in sight.
    private const int Block = 4 * AuditLine.MaxBytes;

    /// <summary>Every line, without its end, from the first; one that was not finished is the last. What is longer than a line may be comes in pieces.</summary>
    public static IEnumerable<byte[]> Forward(string path)
    {
        using FileStream file = Open(path);
        byte[] buffer = new byte[Block];
        int held = 0;
        while (true)
        {
            int read = file.ReadAtLeast(buffer.AsSpan(held), 1, throwOnEndOfStream: false);
            held += read;
            int begin = 0;
            while (buffer.AsSpan(begin, held - begin).IndexOf((byte)'\n') is >= 0 and var length)
            {
                yield return buffer[begin..(begin + length)];
                begin += length + 1;
            }

            if (begin == 0 && (held == buffer.Length || (read == 0 && held > 0)))
            {
                yield return buffer[..held];
                held = 0;
            }
            else
            {
                buffer.AsSpan(begin, held - begin).CopyTo(buffer);
                held -= begin;
                if (read == 0 && held > 0)
                {
                    yield return buffer[..held];
                    held = 0;
                }
            }

            if (read == 0) yield break;
        }
    }

    /// <summary>Every finished line that ends at or before a place, from the last, each with the place where it begins.</summary>
    public static IEnumerable<(byte[] Line, long Start)> Backward(string path, long end)
    {
        using FileStream file = Open(path);
        end = Math.Min(end, file.Length);
        while (end > 0)
        {
            int length = (int)Math.Min(end, Block);
            byte[] buffer = new byte[length];
            file.Position = end - length;
            file.ReadExactly(buffer);
            long at = end - length;

            // The first line in sight may have begun before.
            int top = buffer.AsSpan().LastIndexOf((byte)'\n');
            if (top < 0)
            {
                end = at;
                continue;
            }

            while (true)
            {
                int start = buffer.AsSpan(0, top).LastIndexOf((byte)'\n') + 1;
                if (start == 0 && at > 0)
                {
                    // No line is as long as a block: then it is none of ours, and passed over.
                    end = top + 1 == length ? at : at + top + 1;
                    break;
                }

                yield return (buffer[start..top], at + start);
                if (start == 0) yield break;
                top = start - 1;
            }
        }
    }

    private static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1, FileOptions.None);
}
