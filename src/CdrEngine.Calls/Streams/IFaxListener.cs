using CdrEngine.Protocols.T38;

namespace CdrEngine.Calls.Streams;

/// <summary>Listens to what two fax machines say to each other, in the order of the wire, with what was lost put in where it came back.</summary>
public interface IFaxListener
{
    /// <summary>A control frame that was right.</summary>
    /// <param name="frame">The frame; borrowed.</param>
    /// <param name="isCallee">True where the callee's machine sent it.</param>
    void OnFrame(in T30Frame frame, bool isCallee);

    /// <summary>A field of data of a page, or of the check before it.</summary>
    /// <param name="field">The field; borrowed.</param>
    /// <param name="isCallee">True where the callee's machine sent it.</param>
    void OnImage(in IfpField field, bool isCallee);
}
