using CdrEngine.Api.Dialects;
using CdrEngine.Core;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.PacketLog;
using CdrEngine.Storage;

namespace CdrEngine.Host.Upkeep;

/// <summary>One pass of retention: everything whose time has come goes, but for what is held. Steps are independent: what fails in one is told and tried again.</summary>
/// <param name="stores">The data folder.</param>
/// <param name="audit">The audit.</param>
/// <param name="acts">False to only say what would go.</param>
internal sealed class RetentionPass(UpkeepStores stores, UpkeepAudit audit, bool acts)
{
    private const int Together = 500;

    private readonly RetentionSummary _summary = new();
    private readonly CallPurge _purge = new(stores, audit);
    private readonly KeepingSettings _keeping = stores.Settings.Retention;
    private readonly RetentionSettings _packets = stores.Settings.PacketLog.Retention;
    private HoldKeeper? _held;

    private HoldKeeper Holds => _held ??= new HoldKeeper(stores, acts);

    /// <summary>What was done, or would be, up to now.</summary>
    public RetentionSummary Summary => _summary;

    /// <summary>Carries it out.</summary>
    /// <param name="now">The time that ages are counted to.</param>
    /// <param name="stop">Ends it between two steps.</param>
    public RetentionSummary Run(Timestamp now, CancellationToken stop = default)
    {
        foreach (Action step in (ReadOnlySpan<Action>)[
            () => PurgeDeleted(now - _keeping.DeletedAge),
            () => DropRecords(now),
            () => PurgeTenantRecords(now),
            () => DropPackets(now),
            () => PurgeTenantPackets(now),
            () => DropRecordings(now),
            BoundRecordings,
            () => DropMessages(now),
            Scrub])
        {
            if (stop.IsCancellationRequested) break;
            try
            {
                step();
            }
            catch (Exception e) when (e is StoreException or IOException or UnauthorizedAccessException)
            {
                _summary.Fault(e.Message);
            }
        }

        return _summary;
    }

    /// <summary>The age of packets of one kind: no longer than that of records, without which nobody finds them.</summary>
    public static TimeSpan? PacketAge(TimeSpan? age, TimeSpan? records) => age is null || records < age ? records : age;

    // Deleted by request: rows, packets and sound, wherever they lie.
    private void PurgeDeleted(Timestamp before)
    {
        foreach (DateOnly day in stores.Calls.Days()) PurgeRows(day, new KeptQuery(day) { DeletedBefore = before, Limit = Together }, "deleted_calls", "deleted", null);
    }

    // A day of records goes when its last instant is old enough; with a held call in it, all the others do.
    private void DropRecords(Timestamp now)
    {
        if (_keeping.RecordsAge is not { } age) return;
        DateOnly first = DayOf(now - age);
        foreach (DateOnly day in stores.Calls.Days().Where(day => day < first))
        {
            if (Holds.HoldsOn(day))
            {
                PurgeRows(day, new KeptQuery(day) { Limit = Together }, "records", "age", null);
                continue;
            }

            long calls = CountOf(day);
            if (acts)
            {
                audit("purge_day", CallPurge.Show(day), null, "age");
                stores.Recordings.DropDay(day);

                // Sessions go on past midnight.
                foreach (DateOnly told in (ReadOnlySpan<DateOnly>)[day, DateOnly.FromDayNumber(Math.Max(0, day.DayNumber - 1))]) KeptCallLogs.Forget(DataFolder.CallLogs(stores.Settings.DataDirectory), told);
                if (!stores.Calls.DropDay(day)) _summary.Fault($"records of {CallPurge.Show(day)} cannot be removed now");
            }

            _summary.Add("records", "age", null, calls);
        }
    }

    private void PurgeTenantRecords(Timestamp now)
    {
        foreach (TenantAges tenant in _keeping.Tenants)
        {
            if (tenant.Records is not { } age) continue;
            Timestamp before = now - age;
            foreach (DateOnly day in stores.Calls.Days().Where(day => day <= DayOf(before)))
                PurgeRows(day, new KeptQuery(day) { Tenant = tenant.Tenant, StartedBefore = before, Limit = Together }, "records", "age", tenant.Tenant);
        }
    }

    private void PurgeRows(DateOnly day, KeptQuery query, string kind, string reason, string? tenant)
    {
        while (true)
        {
            IReadOnlyList<KeptCall> calls = stores.Calls.ListKept(query);
            if (calls.Count == 0) return;
            List<KeptCall> going = [.. calls.Where(call => !Holds.Held.Contains(call.Id))];
            long bytes = acts ? _purge.Purge(day, going, reason).Bytes : going.Sum(static call => ChunkBytes(call.Chunks, PacketKindSet.All));
            _summary.Add(kind, reason, tenant, going.Count, bytes);
            if (calls.Count < query.Limit) return;
            query = query with { After = calls[^1] };
        }
    }

    private void DropPackets(Timestamp now)
    {
        var policy = new PacketLogRetentionPolicy
        {
            SipAge = PacketAge(_packets.SipAge, _keeping.RecordsAge),
            RtpAge = PacketAge(_packets.RtpAge, _keeping.RecordsAge),
            TotalBytes = _packets.MaxSize,
            HeldRuns = Holds.Runs,
        };
        List<SegmentFile> all = SegmentFile.List(stores.Packets);
        IReadOnlyList<SegmentFile> plan = Holds.Secure(PacketLogRetention.Plan(all, policy, now), acts, _summary);
        HashSet<SegmentId> old = [.. PacketLogRetention.Plan(all, policy with { TotalBytes = null }, now).Select(static file => file.Id)];
        foreach (IGrouping<(PacketKind Kind, bool Old), SegmentFile> group in plan.GroupBy(file => (file.Id.Kind, old.Contains(file.Id))))
            _summary.Add(ClassOf(group.Key.Kind), group.Key.Old ? "age" : "size", null, group.Count(), group.Sum(static file => file.Bytes));
        if (acts && plan.Count > 0)
        {
            foreach (string line in PacketLogRetention.Execute(plan).Lines) _summary.Fault(line);
        }

        DropDamaged(policy.SipAge, now);
    }

    // What a repair set aside holds packets too.
    private void DropDamaged(TimeSpan? age, Timestamp now)
    {
        if (age is not { } kept || !Directory.Exists(stores.Packets)) return;
        foreach (FileInfo file in new DirectoryInfo(stores.Packets).EnumerateFiles("*.damaged", SearchOption.AllDirectories).ToArray())
        {
            if (Timestamp.From(new DateTimeOffset(file.LastWriteTimeUtc, TimeSpan.Zero)) + kept > now) continue;
            _summary.Add("sip_packets", "age", null, 1, file.Length);
            if (acts) file.Delete();
        }
    }

    // Within segments that all tenants share, the chunks of those whose age is shorter are overwritten.
    private void PurgeTenantPackets(Timestamp now)
    {
        var marks = new RetentionMarks(stores.Catalog);
        foreach (TenantAges tenant in _keeping.Tenants)
        {
            foreach ((string kind, TimeSpan? age, TimeSpan? ofAll, PacketKindSet kinds) in ((string, TimeSpan?, TimeSpan?, PacketKindSet)[])[
                ("rtp", tenant.Rtp, _packets.RtpAge, PacketKindSet.Rtp),
                ("sip", tenant.Sip, _packets.SipAge, PacketKindSet.Sip)])
            {
                if (age is not { } shorter || shorter >= ofAll) continue;
                Timestamp before = now - shorter;

                // Whole segments of days before have gone by the age of all.
                DateOnly first = ofAll is { } all ? DayOf(now - all).AddDays(-1) : DateOnly.MinValue;
                foreach (DateOnly day in stores.Calls.Days().Where(day => day >= first && day <= DayOf(before))) PurgeDay(marks, tenant.Tenant, kind, kinds, day, before);
            }
        }
    }

    private void PurgeDay(RetentionMarks marks, string tenant, string kind, PacketKindSet kinds, DateOnly day, Timestamp before)
    {
        long last = stores.Calls.LastNumber(day);
        Timestamp end = StartOf(day.AddDays(1)), until = before < end ? before : end;
        (long seen, Timestamp seenUntil) = marks.Get(kind, tenant, day);
        if (seen >= last && seenUntil >= until) return;
        var query = new KeptQuery(day) { Tenant = tenant, StartedBefore = before, Behind = seen, OrStartedFrom = seenUntil, Limit = Together };
        bool heldBack = false;
        for (IReadOnlyList<KeptCall> calls = stores.Calls.ListKept(query); ; calls = stores.Calls.ListKept(query with { After = calls[^1] }))
        {
            foreach (KeptCall call in calls)
            {
                long bytes = ChunkBytes(call.Chunks, kinds);
                if (bytes == 0) continue;
                if (Holds.Held.Contains(call.Id))
                {
                    heldBack = true;
                    continue;
                }

                _summary.Add($"{kind}_packets", "age", tenant, 1, bytes);
                if (!acts) continue;
                PacketLogPurge.Purge(stores.Packets, call.Chunks, kinds, null);
                stores.Calls.SetChunks(call.Id, PacketLogPurge.Without(call.Chunks, kinds));
            }

            if (calls.Count < Together) break;
        }

        // With a held call in it the day is looked at again, since the hold will be released one day.
        if (acts && !heldBack) marks.Set(kind, tenant, day, last, until);
    }

    private void DropRecordings(Timestamp now)
    {
        IReadOnlyList<DateOnly> days = stores.Recordings.Days();
        foreach ((string? tenant, TimeSpan? age) in _keeping.Tenants.Select(static tenant => ((string?)tenant.Tenant, tenant.Recordings)).Prepend((null, _keeping.RecordingsAge)))
        {
            if (age is not { } kept || (tenant is not null && kept >= _keeping.RecordingsAge)) continue;
            Timestamp before = now - kept;
            foreach (DateOnly day in days.Where(day => day <= DayOf(before))) RemoveRecordings(day, tenant, before, "age", null);
        }
    }

    // Those of the oldest days, in order of their ids.
    private void BoundRecordings()
    {
        if (_keeping.RecordingsMaxSize is not { } most) return;
        IReadOnlyList<DateOnly> days = stores.Recordings.Days();
        long over = days.Sum(day => stores.Recordings.List(day).Sum(static file => file.Bytes)) - most;
        foreach (DateOnly day in days)
        {
            if (over <= 0) return;
            over -= RemoveRecordings(day, null, Timestamp.MaxValue, "size", over);
        }
    }

    /// <summary>Removes the recordings of a day's calls and notes that they are gone; gives the bytes.</summary>
    /// <param name="day">Day of the calls.</param>
    /// <param name="tenant">Of this tenant; null for all.</param>
    /// <param name="before">Of calls that started before.</param>
    /// <param name="reason">Why.</param>
    /// <param name="enough">Bytes that are enough; null for all.</param>
    public long RemoveRecordings(DateOnly day, string? tenant, Timestamp before, string reason, long? enough)
    {
        Dictionary<string, long> files = stores.Recordings.List(day).ToDictionary(static file => file.CallId, static file => file.Bytes, StringComparer.Ordinal);
        var except = new HashSet<string>(Holds.Held, StringComparer.Ordinal);
        List<string> going = [.. stores.Calls.ListRecorded(day, tenant, before, except)];
        long bytes = 0;
        if (enough is { } wanted)
        {
            int count = 0;
            while (count < going.Count && bytes < wanted) bytes += files.GetValueOrDefault(going[count++]);
            except.UnionWith(going.Skip(count));
            going.RemoveRange(count, going.Count - count);
        }
        else
        {
            bytes = going.Sum(id => files.GetValueOrDefault(id));
        }

        if (going.Count == 0) return 0;
        if (acts)
        {
            audit("purge_recordings", CallPurge.Show(day), tenant, $"{reason}: {going.Count}");
            stores.Calls.ForgetRecordings(day, tenant, before, except, "retention");
            foreach (string id in going)
            {
                stores.Recordings.Delete(id);
                if (stores.Calls.GetKept(id) is { } call && call.SessionId != id) stores.Recordings.DropForms(call.SessionId);
            }

            stores.Recordings.DropIfEmpty(day);
        }

        _summary.Add("recordings", reason, tenant, going.Count, bytes);
        return bytes;
    }

    // A day of messages goes when its last instant is old enough; a tenant's shorter age is looked after message by message.
    private void DropMessages(Timestamp now)
    {
        DropMessageDays(now);
        if (stores.Messages is not { } messages) return;
        foreach (TenantAges tenant in _keeping.Tenants)
        {
            if (tenant.Messages is not { } shorter) continue;
            Timestamp before = now - shorter;
            foreach (DateOnly day in messages.Days().Where(day => day <= DayOf(before)))
            {
                IReadOnlyList<KeptMessage> going = messages.ListKept(day, tenant.Tenant, before, int.MaxValue);
                _summary.Add("messages", "age", tenant.Tenant, going.Count);
                if (!acts || going.Count == 0) continue;
                audit("purge_messages", CallPurge.Show(day), tenant.Tenant, $"age: {going.Count}");
                foreach (KeptMessage message in going) PacketLogPurge.Purge(stores.Packets, message.Chunks, PacketKindSet.All, null);
                messages.Purge([.. going.Select(static message => message.Id)]);
            }
        }
    }

    private void DropMessageDays(Timestamp now)
    {
        if (stores.Settings.Message.Age is not { } age) return;
        using IMessageDatabase? messages = Stores.KnownMessages(stores.Settings);
        foreach (DateOnly day in messages?.Days().Where(day => day < DayOf(now - age)) ?? [])
        {
            Timestamp start = StartOf(day);
            _summary.Add("messages", "age", null, messages!.CountMessages(new Calls.Ports.MessageQuery { From = start, To = start + TimeSpan.FromDays(1) }));
            if (acts) messages.DropDay(day);
        }
    }

    private void Scrub()
    {
        if (!acts) return;
        foreach (string line in stores.Calls.Scrub().Concat(stores.Messages?.Scrub() ?? [])) _summary.Fault(line);
    }

    private long CountOf(DateOnly day)
    {
        long count = 0;
        KeptCall? after = null;
        while (true)
        {
            IReadOnlyList<KeptCall> calls = stores.Calls.ListKept(new KeptQuery(day) { After = after, Limit = 10_000 });
            count += calls.Count;
            if (calls.Count < 10_000) return count;
            after = calls[^1];
        }
    }

    private static long ChunkBytes(byte[] chunks, PacketKindSet kinds)
    {
        long bytes = 0;
        var walk = new ChunkList.Enumerator(chunks);
        while (walk.MoveNext())
        {
            if (((int)kinds & (1 << (int)walk.Current.Segment.Kind)) != 0) bytes += walk.Current.Length;
        }

        return bytes;
    }

    private static string ClassOf(PacketKind kind) => kind == PacketKind.Rtp ? "rtp_packets" : "sip_packets";

    private static DateOnly DayOf(Timestamp at) => DateOnly.FromDateTime(at.ToDateTime());

    private static Timestamp StartOf(DateOnly day) => Timestamp.From(new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero));
}
