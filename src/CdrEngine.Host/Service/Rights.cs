using System.Globalization;
using System.Runtime.InteropServices;
using CdrEngine.Host.Commands;

namespace CdrEngine.Host.Service;

/// <summary>Gives up what a running capture no longer needs.</summary>
/// <remarks>
/// Sockets and rings are open by then. What is still needed is to open an interface again that went away and came back: <c>CAP_NET_RAW</c> and
/// <c>CAP_NET_ADMIN</c>, and of all threads by the reading one alone. Linux keeps capabilities for each thread, so:
/// 1. Started by root with <c>--user</c>: the reading thread asks to keep its capabilities, all threads become that user (which takes every capability from every
///    thread but this one), and this one keeps the two.
/// 2. Started with ambient capabilities or <c>setcap</c>: the reading thread, and all it starts, are left with the two. The other threads keep what they
///    were started with, which the unit in <c>config/systemd</c> bounds to the same two.
/// In both cases no program that it might start gains anything (ambient set cleared, no_new_privs).
/// </remarks>
internal static unsafe partial class Rights
{
    private const int KeepCapabilities = 8;         // PR_SET_KEEPCAPS
    private const int NoNewPrivileges = 38;         // PR_SET_NO_NEW_PRIVS
    private const int Ambient = 47;                 // PR_CAP_AMBIENT
    private const int AmbientClear = 4;             // PR_CAP_AMBIENT_CLEAR_ALL
    private const uint CapabilityVersion3 = 0x2008_0522;
    private const uint NetAdmin = 1u << 12;
    private const uint NetRaw = 1u << 13;

    /// <summary>Gives up all but the two, on the calling thread, which is the one that reads.</summary>
    /// <param name="user">User to become, by name or number; null stays who it is.</param>
    /// <param name="data">Data folder, which becomes that user's.</param>
    /// <exception cref="CommandException">The user cannot be become: going on with more rights than wanted would be worse.</exception>
    public static void GiveUp(string? user, string data)
    {
        if (user is not null) Become(Account.Find(user) ?? throw new CommandException($"--user: no user '{user}'"), data);
        uint held = Effective();
        if (held != 0) Set(held & (NetAdmin | NetRaw));
        _ = Control(Ambient, AmbientClear, 0, 0, 0);
        _ = Control(NoNewPrivileges, 1, 0, 0, 0);
    }

    private static void Become(Account account, string data)
    {
        if (UserId() == account.User) return;
        if (UserId() != 0) throw new CommandException("--user needs to be started by root");
        HandOver(data, account);
        _ = Control(KeepCapabilities, 1, 0, 0, 0);
        uint group = account.Group;

        // The three of the C library take every thread along.
        if (SetGroups(1, &group) != 0 || SetGroupIds(group, group, group) != 0 || SetUserIds(account.User, account.User, account.User) != 0)
            throw new CommandException($"--user: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

        // What is kept is permitted and not yet in effect.
        Set(NetAdmin | NetRaw);
    }

    // The folder was opened by root, and perhaps by an earlier run as root.
    private static void HandOver(string data, Account account)
    {
        foreach (string path in Directory.EnumerateFileSystemEntries(data, "*", SearchOption.AllDirectories).Prepend(data))
        {
            if (ChangeOwner(path, account.User, account.Group) != 0)
                throw new CommandException($"--user: {path}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
        }
    }

    private static uint Effective()
    {
        Header header = new() { Version = CapabilityVersion3 };
        uint* sets = stackalloc uint[6];
        return GetCapabilities(&header, sets) == 0 ? sets[0] : 0;
    }

    private static void Set(uint capabilities)
    {
        Header header = new() { Version = CapabilityVersion3 };

        // Effective, permitted, inheritable of the first 32; then of the others.
        uint* sets = stackalloc uint[6] { capabilities, capabilities, 0, 0, 0, 0 };
        _ = SetCapabilities(&header, sets);
    }

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, nuint second, nuint third, nuint fourth, nuint fifth);

    [LibraryImport("libc", EntryPoint = "capget")]
    private static partial int GetCapabilities(Header* header, uint* sets);

    [LibraryImport("libc", EntryPoint = "capset")]
    private static partial int SetCapabilities(Header* header, uint* sets);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint UserId();

    [LibraryImport("libc", EntryPoint = "setgroups", SetLastError = true)]
    private static partial int SetGroups(nuint count, uint* groups);

    [LibraryImport("libc", EntryPoint = "setresgid", SetLastError = true)]
    private static partial int SetGroupIds(uint real, uint effective, uint saved);

    [LibraryImport("libc", EntryPoint = "setresuid", SetLastError = true)]
    private static partial int SetUserIds(uint real, uint effective, uint saved);

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint user, uint group);

    [StructLayout(LayoutKind.Sequential)]
    private struct Header
    {
        public uint Version;
        public int Process;
    }

    private sealed record Account(uint User, uint Group)
    {
        /// <summary>An account of this machine's own list, or one by its number.</summary>
        public static Account? Find(string user)
        {
            foreach (string line in File.ReadLines("/etc/passwd"))
            {
                string[] fields = line.Split(':');
                if (fields.Length < 4 || (fields[0] != user && fields[2] != user)) continue;
                if (uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint id)
                    && uint.TryParse(fields[3], NumberStyles.None, CultureInfo.InvariantCulture, out uint group)) return new Account(id, group);
            }

            return uint.TryParse(user, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) ? new Account(number, number) : null;
        }
    }
}
