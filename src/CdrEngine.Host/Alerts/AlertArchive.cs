using CdrEngine.Calls.Ports;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Parts;
using CdrEngine.Storage;

namespace CdrEngine.Host.Alerts;

/// <summary>Reads alerts for the commands.</summary>
internal sealed class AlertArchive(Settings settings) : IAlertArchive
{
    private readonly IAlertDatabase _alerts = Stores.Alerts(settings);

    /// <inheritdoc />
    public IAlertStore Alerts => _alerts;

    /// <inheritdoc />
    public void Dispose() => _alerts.Dispose();
}
