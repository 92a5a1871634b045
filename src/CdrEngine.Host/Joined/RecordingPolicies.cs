using CdrEngine.Calls.Ports;
using CdrEngine.Host.Configuration;

namespace CdrEngine.Host.Joined;

/// <summary>Of which calls recordings are made.</summary>
internal static class RecordingPolicies
{
    /// <summary>The policy that the settings ask for.</summary>
    public static IRecordingPolicy Of(Settings settings) =>
        new FixedRecordingPolicy(new RecordingRule(settings.Recording.Policy, settings.Recording.Sides));
}
