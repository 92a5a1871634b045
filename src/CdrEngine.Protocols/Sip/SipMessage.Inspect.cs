namespace CdrEngine.Protocols.Sip;

/// <content>A closer look, for the one who wonders why two endpoints did not understand each other; not on the packet plane.</content>
public sealed partial class SipMessage
{
    /// <summary><see cref="Oddities"/> and what only a full reading of the headers shows: addresses, Vias, numbers, dates, quotes, escapes.</summary>
    public SipOddities Inspect()
    {
        SipOddities found = Oddities;
        if (Slice(0, _bodyStart).Contains((byte)0)) found |= SipOddities.EmbeddedNul;
        if (IsRequest) found |= SipInspection.RequestUri(RequestUri);
        for (int i = 0; i < _headerCount; i++)
        {
            ReadOnlySpan<byte> value = HeaderValueAt(i);
            found |= _headers[i].Id switch
            {
                SipHeader.From or SipHeader.To or SipHeader.ReferTo or SipHeader.ReferredBy or SipHeader.ReplyTo => SipInspection.Address(value),
                SipHeader.Contact or SipHeader.Route or SipHeader.RecordRoute or SipHeader.Path or SipHeader.ServiceRoute or SipHeader.PAssertedIdentity
                    or SipHeader.PPreferredIdentity or SipHeader.RemotePartyId or SipHeader.Diversion or SipHeader.HistoryInfo => SipInspection.Addresses(value),
                SipHeader.Via => SipInspection.Vias(value),
                SipHeader.MaxForwards => SipInspection.Number(value, 255),
                SipHeader.Expires or SipHeader.MinExpires or SipHeader.SessionExpires or SipHeader.MinSE => SipInspection.Number(value, uint.MaxValue),
                SipHeader.RetryAfter => SipInspection.Number(value, uint.MaxValue),
                SipHeader.CSeq => SipInspection.Number(value, int.MaxValue),
                SipHeader.Warning => SipInspection.Warnings(value),
                SipHeader.Date => SipInspection.Date(value),
                _ => SipOddities.None,
            };
        }

        return found;
    }
}
