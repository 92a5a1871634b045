using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;
using CdrEngine.Actors;

namespace CdrEngine.Benchmarks.Actors;

/// <summary>What an actor costs: a message, to one actor and to ten thousand in random order; an idle actor; a short life. Beside each,
/// in the
/// same run, a peer that everyone has: one System.Threading.Channels channel and one reading task for each actor.</summary>
/// <remarks>A message is a new object of 32 bytes, as the engine's events are, and a struct of 32 bytes where the way allows one. Figures
/// are
/// the median of the runs; "cpu" is processor time of the whole process over the messages, the making of the message included.</remarks>
public static class ActorBenchmarks
{
    private const int Messages = 1 << 20;
    private const int Actors = 10_000;
    private const int Lives = 100_000;
    private const int Runs = 5;
    private const int WarmUps = 3;
    private const int PooledCapacity = 1 << 22;

    /// <summary>Runs all and writes a table; some thirty seconds.</summary>
    public static void Run(TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteLine($"actors: {Messages:N0} messages, {Actors:N0} actors, {Lives:N0} lives, median of {Runs} runs, {Environment.ProcessorCount} cores, .NET {Environment.Version}");
        int[] one = new int[Messages];
        int[] spread = RandomOrder();

        Row(writer, "message, 1 actor: shard, deliver a struct", () => ShardDeliverStruct(one, 1));
        Row(writer, "message, 1 actor: shard, deliver an object", () => ShardDeliver(one, 1));
        Row(writer, "message, 1 actor: shard, tell inside the shard", () => ShardTell(one, 1));
        Row(writer, "message, 1 actor: shard thread, batches of 256 structs", () => ShardBatches(one, 1));
        Row(writer, "message, 1 actor: pool", () => Pool(one, 1));
        Row(writer, "message, 1 actor: peer, channel", () => Channels(one, 1));

        Row(writer, "message, 10k actors: shard, deliver a struct", () => ShardDeliverStruct(spread, Actors));
        Row(writer, "message, 10k actors: shard, deliver an object", () => ShardDeliver(spread, Actors));
        Row(writer, "message, 10k actors: shard, tell inside the shard", () => ShardTell(spread, Actors));
        Row(writer, "message, 10k actors: shard thread, batches of 256 structs", () => ShardBatches(spread, Actors));
        Row(writer, "message, 10k actors: pool", () => Pool(spread, Actors));
        Row(writer, "message, 10k actors: peer, channel", () => Channels(spread, Actors));

        Row(writer, "create + 1 message + stop: shard", ShardLives);
        Row(writer, "create + 1 message + stop: pool", PoolLives);
        Row(writer, "create + 1 message + stop: peer, channel", ChannelLives);

        Bytes(writer, "idle actor: shard", ShardIdle);
        Bytes(writer, "idle actor: shard, with a timer", ShardIdleWithTimer);
        Bytes(writer, "idle actor: pool", PoolIdle);
        Bytes(writer, "idle actor: peer, unbounded channel", static () => ChannelIdle(bounded: false));
        Bytes(writer, "idle actor: peer, channel bounded to 64", static () => ChannelIdle(bounded: true));
    }

    // ---- Messages --------------------------------------------------------------------------------------------------------------

    private static Sample ShardDeliverStruct(int[] order, int actors)
    {
        using var system = new Holder();
        ShardDispatcher shard = system.Shard();
        ActorRef<Item>[] refs = Make(actors, _ => shard.Spawn(ItemProps));
        return Measure(order.Length, () =>
        {
            for (int i = 0; i < order.Length; i++) shard.Deliver(refs[order[i]], new Item(i, 1, 2, 3));
        });
    }

    private static Sample ShardDeliver(int[] order, int actors)
    {
        using var system = new Holder();
        ShardDispatcher shard = system.Shard();
        ActorRef<Note>[] refs = Make(actors, _ => shard.Spawn(NoteProps));
        return Measure(order.Length, () =>
        {
            for (int i = 0; i < order.Length; i++) shard.Deliver(refs[order[i]], new Note(i, 1));
        });
    }

    private static Sample ShardTell(int[] order, int actors)
    {
        using var system = new Holder();
        ShardDispatcher shard = system.Shard();
        ActorRef<Note>[] refs = Make(actors, _ => shard.Spawn(NoteProps));
        return Measure(order.Length, () =>
        {
            // Taken by 256, as a batch of packets would cause.
            for (int i = 0; i < order.Length; i++)
            {
                refs[order[i]].Tell(new Note(i, 1));
                if ((i & 255) == 255) shard.RunPending();
            }

            shard.RunPending();
        });
    }

    private static Sample ShardBatches(int[] order, int actors)
    {
        using var system = new Holder();
        var handler = new BatchHandler(actors);
        var thread = new ShardThread<Routed[]>(system.System, "batches", handler, new ShardThreadOptions { QueueCapacity = 16 });
        thread.Start();
        handler.Ready.Wait();
        Sample sample = Measure(order.Length, () =>
        {
            for (int i = 0; i < order.Length;)
            {
                if (!handler.Home.TryTake(out Routed[]? batch)) batch = new Routed[256];
                int end = Math.Min(i + 256, order.Length);
                for (int slot = 0; i < end; slot++, i++) batch[slot] = new Routed(order[i], new Item(i, 1, 2, 3));
                thread.Queue.Put(batch);
            }

            thread.StopAsync().Wait();
        });
        return sample;
    }

    private static Sample Pool(int[] order, int actors)
    {
        using var system = new Holder();
        using var done = new CountdownEvent(actors);
        var props = new Props<Note>(() => new NoteActor(done)) { Mailbox = new MailboxSettings(PooledCapacity, MailboxFullPolicy.Reject) };
        ActorRef<Note>[] refs = Make(actors, _ => system.System.Spawn(props));
        return Measure(order.Length, () =>
        {
            for (int i = 0; i < order.Length; i++) refs[order[i]].Tell(new Note(i, 1));
            foreach (ActorRef<Note> actor in refs) actor.Tell(Note.Last);
            done.Wait();
        });
    }

    private static Sample Channels(int[] order, int actors)
    {
        using var done = new CountdownEvent(actors);
        ChannelActor[] peers = Make(actors, _ => new ChannelActor(done, bounded: false));
        return Measure(order.Length, () =>
        {
            for (int i = 0; i < order.Length; i++) peers[order[i]].Writer.TryWrite(new Note(i, 1));
            foreach (ChannelActor peer in peers) peer.Writer.TryWrite(Note.Last);
            done.Wait();
        });
    }

    // ---- Lives -----------------------------------------------------------------------------------------------------------------

    private static Sample ShardLives()
    {
        using var system = new Holder();
        ShardDispatcher shard = system.Shard();
        return Measure(Lives, () =>
        {
            for (int i = 0; i < Lives; i++)
            {
                ActorRef<Note> actor = shard.Spawn(NoteProps);
                shard.Deliver(actor, new Note(i, 1));
                actor.Stop();
            }

            shard.RunPending();
        });
    }

    private static Sample PoolLives()
    {
        using var system = new Holder();
        using var done = new CountdownEvent(Lives);
        var props = new Props<Note>(() => new NoteActor(done));
        return Measure(Lives, () =>
        {
            for (int i = 0; i < Lives; i++)
            {
                ActorRef<Note> actor = system.System.Spawn(props);
                actor.Tell(Note.Last);
                actor.StopWhenDrained();
            }

            done.Wait();
        });
    }

    private static Sample ChannelLives()
    {
        using var done = new CountdownEvent(Lives);
        return Measure(Lives, () =>
        {
            for (int i = 0; i < Lives; i++)
            {
                var peer = new ChannelActor(done, bounded: false);
                peer.Writer.TryWrite(Note.Last);
                peer.Writer.Complete();
            }

            done.Wait();
        });
    }

    // ---- Memory ----------------------------------------------------------------------------------------------------------------

    private static (object Kept, IDisposable Owner) ShardIdle()
    {
        var system = new Holder();
        ShardDispatcher shard = system.Shard();
        return (Make(Lives, _ => shard.Spawn(NoteProps)), system);
    }

    private static (object Kept, IDisposable Owner) ShardIdleWithTimer()
    {
        var system = new Holder();
        ShardDispatcher shard = system.Shard();
        var props = new Props<Note>(static () => new TimedActor());
        return (Make(Lives, _ => shard.Spawn(props)), system);
    }

    private static (object Kept, IDisposable Owner) PoolIdle()
    {
        var system = new Holder();
        using var done = new CountdownEvent(Lives);
        var props = new Props<Note>(() => new NoteActor(done));
        ActorRef<Note>[] refs = Make(Lives, _ => system.System.Spawn(props));
        foreach (ActorRef<Note> actor in refs) actor.Tell(Note.Last);
        done.Wait();
        return (refs, system);
    }

    private static (object Kept, IDisposable Owner) ChannelIdle(bool bounded)
    {
        using var done = new CountdownEvent(Lives);
        ChannelActor[] peers = Make(Lives, _ => new ChannelActor(done, bounded));
        foreach (ChannelActor peer in peers) peer.Writer.TryWrite(Note.Last);
        done.Wait();
        return (peers, new MemoryStream());
    }

    // ---- Measuring -------------------------------------------------------------------------------------------------------------

    private static void Row(TextWriter writer, string name, Func<Sample> run)
    {
        // The first runs meet code that is not compiled to its best yet.
        for (int i = 0; i < WarmUps; i++) _ = run();
        Sample[] samples = [.. Enumerable.Range(0, Runs).Select(_ => run())];
        double wall = Median(samples, static sample => sample.WallNanoseconds);
        double cpu = Median(samples, static sample => sample.CpuNanoseconds);
        double bytes = Median(samples, static sample => sample.Bytes);
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-60} {wall,9:F1} ns wall {cpu,9:F1} ns cpu {bytes,8:F0} B"));
    }

    private static void Bytes(TextWriter writer, string name, Func<(object Kept, IDisposable Owner)> make)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        (object kept, IDisposable owner) = make();
        double bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        GC.KeepAlive(kept);
        owner.Dispose();
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-60} {bytes / Lives,9:F0} B"));
    }

    private static Sample Measure(int count, Action action)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        using var process = Process.GetCurrentProcess();
        TimeSpan cpu = process.TotalProcessorTime;
        long bytes = GC.GetTotalAllocatedBytes();
        long start = Stopwatch.GetTimestamp();
        action();
        TimeSpan wall = Stopwatch.GetElapsedTime(start);
        process.Refresh();
        cpu = process.TotalProcessorTime - cpu;
        bytes = GC.GetTotalAllocatedBytes() - bytes;
        return new Sample(wall.TotalNanoseconds / count, cpu.TotalNanoseconds / count, (double)bytes / count);
    }

    private static double Median(Sample[] samples, Func<Sample, double> figure) => samples.Select(figure).Order().ElementAt(samples.Length / 2);

    private static T[] Make<T>(int count, Func<int, T> make) => [.. Enumerable.Range(0, count).Select(make)];

    private static int[] RandomOrder()
    {
        var random = new Random(20261120);
        return [.. Enumerable.Range(0, Messages).Select(_ => random.Next(Actors))];
    }

    private static Props<Note> NoteProps { get; } = new(static () => new NoteActor(done: null));

    private static Props<Item> ItemProps { get; } = new(static () => new ItemActor());

    private readonly record struct Sample(double WallNanoseconds, double CpuNanoseconds, double Bytes);

    private sealed class Note(long number, long kind)
    {
        internal static readonly Note Last = new(-1, -1);

        internal long Number { get; } = number;

        internal long Kind { get; } = kind;
    }

    private readonly record struct Item(long Number, long Kind, long Left, long Right);

    private readonly struct Routed(int actor, Item item)
    {
        internal readonly int Actor = actor;
        internal readonly Item Item = item;
    }

    private sealed class NoteActor(CountdownEvent? done) : Actor<Note>
    {
        private long _sum;

        protected override void Receive(Note message)
        {
            _sum += message.Number + message.Kind;
            if (ReferenceEquals(message, Note.Last)) done?.Signal();
        }
    }

    private sealed class TimedActor : Actor<Note>
    {
        protected override void PreStart() => Context.Timers.Start("linger", Note.Last, TimeSpan.FromSeconds(4));

        protected override void Receive(Note message)
        {
        }
    }

    private sealed class ItemActor : Actor<Item>
    {
        private long _sum;

        protected override void Receive(Item message) => ReceiveIn(in message);

        protected override void ReceiveIn(in Item message) => _sum += message.Number + message.Right;
    }

    /// <summary>The peer: the usual actor of those who have no actors.</summary>
    private sealed class ChannelActor
    {
        private readonly ChannelReader<Note> _reader;
        private readonly CountdownEvent _done;
        private long _sum;

        internal ChannelActor(CountdownEvent done, bool bounded)
        {
            Channel<Note> channel = bounded
                ? Channel.CreateBounded<Note>(new BoundedChannelOptions(64) { SingleReader = true })
                : Channel.CreateUnbounded<Note>(new UnboundedChannelOptions { SingleReader = true });
            _reader = channel.Reader;
            Writer = channel.Writer;
            _done = done;
            _ = ReadAsync();
        }

        internal ChannelWriter<Note> Writer { get; }

        private async Task ReadAsync()
        {
            while (await _reader.WaitToReadAsync().ConfigureAwait(false))
            {
                while (_reader.TryRead(out Note? message))
                {
                    _sum += message.Number + message.Kind;
                    if (ReferenceEquals(message, Note.Last)) _done.Signal();
                }
            }
        }
    }

    private sealed class BatchHandler(int actors) : ShardHandler<Routed[]>
    {
        private ActorRef<Item>[] _refs = [];

        internal ManualResetEventSlim Ready { get; } = new();

        /// <summary>Batches on their way back to the producer.</summary>
        internal BatchQueue<Routed[]> Home { get; } = new(64);

        public override void Start(ShardDispatcher shard)
        {
            _refs = Make(actors, _ => shard.Spawn(ItemProps));
            Ready.Set();
        }

        public override void Handle(ShardDispatcher shard, Routed[] batch)
        {
            foreach (ref readonly Routed routed in batch.AsSpan()) shard.Deliver(_refs[routed.Actor], in routed.Item);
            Home.TryPut(batch);
        }
    }

    private sealed class Holder : IDisposable
    {
        private ShardDispatcher? _shard;

        internal ActorSystem System { get; } = new();

        public void Dispose()
        {
            _shard?.StopActors(TimeSpan.FromSeconds(10));
            System.ShutdownAsync().Wait();
        }

        internal ShardDispatcher Shard()
        {
            _shard = System.CreateShard("shard");
            _shard.BindToCurrentThread();
            return _shard;
        }
    }
}
