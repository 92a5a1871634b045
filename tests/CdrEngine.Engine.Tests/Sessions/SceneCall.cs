using CdrEngine.Engine.Tests.Runs;
using CdrEngine.TestKit;

namespace CdrEngine.Engine.Tests.Sessions;

/// <summary>One call of a scene, told message by message between two machines.</summary>
/// <param name="scene">Where it happens.</param>
/// <param name="callId">Call-ID.</param>
/// <param name="caller">User part of From.</param>
/// <param name="callee">User part of To and of the Request-URI.</param>
/// <param name="near">Address of the machine that calls.</param>
/// <param name="far">Address of the machine that is called.</param>
internal sealed class SceneCall(Scene scene, string callId, string caller, string callee, string near, string far)
{
    private readonly string _from = $"{caller}@example.com";
    private readonly string _to = $"{callee}@example.com";

    private string FromTag => $"f-{callId}";

    private string ToTag => $"t-{callId}";

    public SceneCall Invite(double at, string? header = null, string? value = null, int port = 0)
    {
        SipText invite = Request();
        if (header is not null) invite.With(header, value!);
        if (port > 0) invite.WithSdp(near, port);
        return Out(at, invite);
    }

    public SceneCall Reply(double at, int status, string? header = null, string? value = null, int port = 0)
    {
        SipText reply = Request().Reply(status, toTag: ToTag);
        if (header is not null) reply.With(header, value!);
        if (port > 0) reply.WithSdp(far, port);
        In(at, reply);
        return status >= 200 ? Out(at + 0.005, SipText.Ack(callId, _from, _to, fromTag: FromTag, toTag: ToTag)) : this;
    }

    /// <summary>INVITE, 180 after 0.1 s, 200, BYE of the caller.</summary>
    public SceneCall Talk(double at, double answer, double bye, int near = 0, int far = 0) => Invite(at, port: near).Reply(at + 0.1, 180).Reply(answer, 200, port: far).Bye(bye);

    public SceneCall Cancel(double at)
    {
        SipText cancel = SipText.Cancel(callId, _from, _to, fromTag: FromTag);
        return Out(at, cancel).In(at + 0.002, cancel.Reply(200)).Reply(at + 0.004, 487);
    }

    public SceneCall Bye(double at, bool isCallees = false)
    {
        SipText bye = isCallees ? SipText.Bye(callId, _to, _from, fromTag: ToTag, toTag: FromTag) : SipText.Bye(callId, _from, _to, cseq: 9, fromTag: FromTag, toTag: ToTag);
        return isCallees ? In(at, bye).Out(at + 0.005, bye.Reply(200)) : Out(at, bye).In(at + 0.005, bye.Reply(200));
    }

    /// <summary>The callee asks the caller's machine to call somebody else, and is told that it has.</summary>
    public SceneCall Refer(double at, string target)
    {
        SipText refer = SipText.Request("REFER", callId, _to, _from, 5, ToTag, FromTag).With("Refer-To", $"<sip:{target}@example.com>").With("Referred-By", $"<sip:{_to}>");
        return In(at, refer).Out(at + 0.002, refer.Reply(202));
    }

    private SipText Request() => SipText.Invite(callId, _from, _to, fromTag: FromTag);

    private SceneCall Out(double at, SipText text)
    {
        scene.Sip(at, $"{near}:5060", $"{far}:5060", text);
        return this;
    }

    private SceneCall In(double at, SipText text)
    {
        scene.Sip(at, $"{far}:5060", $"{near}:5060", text);
        return this;
    }
}
