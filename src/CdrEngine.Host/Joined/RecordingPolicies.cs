using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Directories;

namespace CdrEngine.Host.Joined;

/// <summary>Of which calls recordings are made.</summary>
internal static class RecordingPolicies
{
    /// <summary>The policy that the settings ask for, and before them the directory, where there is one.</summary>
    public static IRecordingPolicy Of(Settings settings, DirectoryHolder? directory = null)
    {
        var rule = new RecordingRule(settings.Recording.Policy, settings.Recording.Sides);
        return directory is null ? new FixedRecordingPolicy(rule) : new DirectoryRecordingPolicy(() => directory.Current, rule);
    }
}

/// <summary>Asks the directory in force for each call, and takes the settings' rule where it says nothing.</summary>
/// <param name="directory">The directory in force; null where there is none.</param>
/// <param name="settings">The rule of the settings.</param>
internal sealed class DirectoryRecordingPolicy(Func<CallDirectory?> directory, RecordingRule settings) : IRecordingPolicy
{
    /// <inheritdoc />
    public bool MayRecord => settings.Policy != RecordingPolicy.Never || directory()?.Wishes.Any(static wish => wish != RecordingWish.Never) == true;

    /// <inheritdoc />
    public bool MayRecordUnasked => settings.Policy == RecordingPolicy.Always || directory()?.Wishes.Contains(RecordingWish.Always) == true;

    /// <inheritdoc />
    public RecordingRule For(CallRecord record) => directory()?.WishFor(record) switch
    {
        RecordingWish.Always => settings with { Policy = RecordingPolicy.Always },
        RecordingWish.OnDemand => settings with { Policy = RecordingPolicy.OnDemand },
        RecordingWish.Never => settings with { Policy = RecordingPolicy.Never },
        RecordingWish.Caller => OneVoice(RecordingSides.Caller),
        RecordingWish.Callee => OneVoice(RecordingSides.Callee),
        _ => settings,
    };

    // Where the settings allow the other voice only, together they allow none.
    private RecordingRule OneVoice(RecordingSides side)
    {
        RecordingPolicy policy = settings.Policy == RecordingPolicy.Never ? RecordingPolicy.OnDemand : settings.Policy;
        return settings.Sides == RecordingSides.Both || settings.Sides == side ? new RecordingRule(policy, side) : new RecordingRule(RecordingPolicy.Never, side);
    }
}
