using System.Globalization;
using System.Net.Sockets;
using CdrEngine.Calls.Ports;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Output;

namespace CdrEngine.Host.Control;

/// <summary>Acts on an Asterisk through its manager interface. A call is found by its Call-ID among the channels of the telephone system.</summary>
/// <remarks>Each act is a login of its own: they are rare, and nothing is left open to a machine that restarts.</remarks>
internal sealed class AmiControl(AmiSettings settings) : ICallControl
{
    // Channels looked through for a call; those of a large site.
    private const int MostChannels = 5000;

    // Acts at once.
    private readonly SemaphoreSlim _places = new(4);

    /// <summary>What the settings ask for; null for nothing.</summary>
    public static ICallControl? Of(ControlSettings settings) => settings.Adapter == ControlAdapter.Ami ? new AmiControl(settings.Ami) : null;

    /// <inheritdoc />
    public Task<ControlAnswer> DialAsync(ControlEnd from, ControlEnd to, CancellationToken stop = default)
    {
        if (ChannelOf(from) is not { } channel) return Task.FromResult(new ControlAnswer(ControlOutcome.Unsupported, "Calls are not begun with a number of the public network."));
        return ActAsync(
            async (session, limit) => await session.AskAsync(
                limit,
                ("Action", "Originate"),
                ("Channel", channel),
                ("Context", settings.Context),
                ("Exten", to.Number),
                ("Priority", "1"),
                ("CallerID", from.Number),
                ("Timeout", ((long)settings.RingTime.TotalMilliseconds).ToString(CultureInfo.InvariantCulture)),
                ("Async", "true")),
            stop);
    }

    /// <inheritdoc />
    public Task<ControlAnswer> RedirectAsync(string sipCallId, ControlEnd to, CancellationToken stop = default) => OnChannelAsync(sipCallId, channel => Redirect(channel, to.Number), stop);

    /// <inheritdoc />
    public Task<ControlAnswer> ParkAsync(string sipCallId, CancellationToken stop = default) => OnChannelAsync(
        sipCallId, channel => settings.ParkingLot.Length == 0 ? [("Action", "Park"), ("Channel", channel)] : [("Action", "Park"), ("Channel", channel), ("Parkinglot", settings.ParkingLot)], stop);

    /// <inheritdoc />
    public Task<ControlAnswer> HoldAsync(string sipCallId, CancellationToken stop = default) => settings.Hold.Length == 0
        ? Task.FromResult(new ControlAnswer(ControlOutcome.Unsupported, "The settings name no extension where calls are held (control.ami.hold)."))
        : OnChannelAsync(sipCallId, channel => Redirect(channel, settings.Hold), stop);

    /// <inheritdoc />
    public Task<ControlAnswer> HangUpAsync(string sipCallId, CancellationToken stop = default) =>
        OnChannelAsync(sipCallId, static channel => [("Action", "Hangup"), ("Channel", channel), ("Cause", "16")], stop);

    private (string Name, string Value)[] Redirect(string channel, string extension) =>
        [("Action", "Redirect"), ("Channel", channel), ("Context", settings.Context), ("Exten", extension), ("Priority", "1")];

    private string? ChannelOf(ControlEnd end) => end.Kind switch
    {
        ControlEndKind.Extension => settings.Extension.Replace("{number}", end.Number, StringComparison.Ordinal),
        ControlEndKind.Device => settings.Device.Replace("{number}", end.Number, StringComparison.Ordinal),
        ControlEndKind.FeatureCode => $"Local/{end.Number}@{settings.Context}",
        _ => null,
    };

    private Task<ControlAnswer> OnChannelAsync(string sipCallId, Func<string, (string Name, string Value)[]> action, CancellationToken stop) => ActAsync(
        async (session, limit) => await FindAsync(session, sipCallId, limit) is { } channel ? await session.AskAsync(limit, action(channel)) : null, stop);

    // Channels do not tell their Call-ID in lists; each is asked for it. One that ended meanwhile has none.
    private static async Task<string?> FindAsync(AmiSession session, string sipCallId, CancellationToken stop)
    {
        IReadOnlyList<AmiMessage> channels = await session.ListAsync("CoreShowChannel", "CoreShowChannelsComplete", MostChannels, stop, ("Action", "CoreShowChannels"));
        foreach (AmiMessage message in channels)
        {
            string? variable = message["Channel"] switch
            {
                { } name when name.StartsWith("PJSIP/", StringComparison.Ordinal) => "CHANNEL(pjsip,call-id)",
                { } name when name.StartsWith("SIP/", StringComparison.Ordinal) => "SIPCALLID",
                _ => null,
            };
            if (variable is null) continue;
            AmiMessage value = await session.AskAsync(stop, ("Action", "Getvar"), ("Channel", message["Channel"]!), ("Variable", variable));
            if (value.IsSuccess && value["Value"] == sipCallId) return message["Channel"];
        }

        return null;
    }

    private async Task<ControlAnswer> ActAsync(Func<AmiSession, CancellationToken, Task<AmiMessage?>> act, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(settings.Timeout);
        bool entered = false;
        try
        {
            await _places.WaitAsync(limit.Token);
            entered = true;
            return await WorkAsync(act, limit.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new ControlAnswer(ControlOutcome.Unreachable, "The telephone system does not answer in time.");
        }
        catch (AmiException e)
        {
            return new ControlAnswer(ControlOutcome.Unreachable, $"The telephone system is not at hand: {WireText.Escape(e.Message)}.");
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return new ControlAnswer(ControlOutcome.Unreachable, "The telephone system is not reached.");
        }
        finally
        {
            if (entered) _places.Release();
        }
    }

    private async Task<ControlAnswer> WorkAsync(Func<AmiSession, CancellationToken, Task<AmiMessage?>> act, CancellationToken stop)
    {
        await using AmiSession session = await AmiSession.OpenAsync(settings.Address, settings.User, settings.Secret, stop);
        if (await act(session, stop) is not { } answer) return new ControlAnswer(ControlOutcome.NoSuchCall, "The telephone system does not have this call, or no longer.");
        return answer.IsSuccess
            ? new ControlAnswer(ControlOutcome.Done, "Done.")
            : new ControlAnswer(ControlOutcome.Refused, $"The telephone system refused: {WireText.Escape(answer["Message"] ?? "it does not say why")}.");
    }
}
