namespace Duet.Data.Media;

/// <summary>A limit that can end a child process.</summary>
internal enum ChildLimit
{
    /// <summary>None did.</summary>
    None,

    /// <summary>It made no progress for too long.</summary>
    Stall,

    /// <summary>It took too much processor time, or lived far longer than that.</summary>
    Time,

    /// <summary>It took too much memory.</summary>
    Memory,

    /// <summary>It wrote too long a file.</summary>
    FileSize,

    /// <summary>Somebody else killed it; where memory runs out, the system does.</summary>
    Killed,
}

/// <summary>What a child process may use.</summary>
internal sealed record ChildLimits
{
    /// <summary>How long it may make no progress.</summary>
    public required TimeSpan Stall { get; init; }

    /// <summary>Most processor time, that of all of its threads added up.</summary>
    public required TimeSpan ProcessorTime { get; init; }

    /// <summary>Most memory, bytes.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Longest file that it may write, bytes.</summary>
    public long FileBytes { get; init; } = 1 << 20;

    /// <summary>Whether the system's kernel is asked to keep these too, where it can; not so in tests of the watch, which is all there is elsewhere than on Linux.</summary>
    public bool ByKernel { get; init; } = true;

    /// <summary>How long it may live. Processor time is the same on a busy machine, so this comes only where that hardly passes at all.</summary>
    public TimeSpan LifeTime => 10 * ProcessorTime;

    /// <summary>From when on the kernel kills it: later than the watch, which knows why.</summary>
    public long KernelSeconds => (long)ProcessorTime.TotalSeconds + 10;
}
