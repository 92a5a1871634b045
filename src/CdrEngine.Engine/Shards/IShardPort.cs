namespace CdrEngine.Engine.Shards;

/// <summary>The switchboard's side of a shard: where full batches go and empty ones come from.</summary>
internal interface IShardPort
{
    /// <summary>An empty batch. Waits while the shard is too far behind, which is how a file is read no faster than it is worked off.</summary>
    ShardBatch Take();

    /// <summary>Batches that wait for the shard now.</summary>
    int Waiting { get; }

    /// <summary>Hands a batch over.</summary>
    void Post(ShardBatch batch);

    /// <summary>Has the shard take what was handed over even where it is little: no more may come for a while.</summary>
    void Hurry();
}
