using System.Diagnostics;
using System.Globalization;
using Duet.Data;
using Duet.Data.Randomness;
using Shouldly;
using Xunit;

namespace Duet.Tests.Shared.Fuzzing;

/// <summary>What a fuzzing found.</summary>
/// <param name="Inputs">Inputs tried.</param>
/// <param name="Accepted">Those that were read.</param>
/// <param name="Refused">Those that ended in a typed error.</param>
/// <param name="MostAllocated">The most that one input made the reader allocate on the managed heap, bytes.</param>
/// <param name="Grown">By how much the process's memory grew at most, native memory included, bytes: where the fuzzing had a process of its own.</param>
internal sealed record FuzzResult(long Inputs, long Accepted, long Refused, long MostAllocated, long Grown = 0)
{
    /// <summary>Says what was tried, and that it was not all refused, nor all taken: either would mean that nothing was tested.</summary>
    /// <param name="name">The reader's name.</param>
    /// <param name="accepted">The least share that must have been read.</param>
    /// <param name="refused">The least share that must have been refused.</param>
    public FuzzResult Checked(string name, double accepted = 0.01, double refused = 0.1)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{name}: {Inputs} inputs, {Accepted} read, {Refused} refused, at most {MostAllocated} bytes allocated, the process grew by {Grown >> 20} MiB");
        TestContext.Current.TestOutputHelper?.WriteLine(text);
        if (Environment.GetEnvironmentVariable(LogVariable) is { Length: > 0 } log)
        {
            File.AppendAllText(log, text + "\n");
        }

        ((double)Accepted).ShouldBeGreaterThan(accepted * Inputs, text);
        ((double)Refused).ShouldBeGreaterThan(refused * Inputs, text);
        return this;
    }

    /// <summary>A file to which each fuzzing adds a line.</summary>
    private const string LogVariable = "DUET_FUZZ_LOG";
}

/// <summary>
/// Feeds a reader of bytes with damaged files. Each input is a function of (seed, index), so that a failure is found again. A reader may return or
/// throw a <see cref="DuetException"/> (or what <see cref="IsTyped"/> names); anything else, an allocation beyond the file's size class, or an input that takes too long fails the test, and
/// the input is kept beside the message. In CI a fixed number of inputs is tried; with <c>DUET_FUZZ_SECONDS=3600</c> set, as many as that time has
/// room for, from <c>DUET_FUZZ_SEED</c> on.
/// </summary>
/// <param name="name">The reader's name.</param>
/// <param name="samples">Whole files to damage.</param>
internal sealed class MutationFuzzer(string name, IReadOnlyList<byte[]> samples)
{
    /// <summary>How long one input may take before it counts as a hang, on a machine that others load.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const string SecondsVariable = "DUET_FUZZ_SECONDS";
    private const string SeedVariable = "DUET_FUZZ_SEED";

    private long index;

    /// <summary>The reader's name.</summary>
    public string Name => name;

    /// <summary>Errors that a reader may throw.</summary>
    public Func<Exception, bool> IsTyped { get; init; } = e => e is DuetException;

    /// <summary>Whether allocations of all threads count: the library under a reader works on others. Only in a process of its own.</summary>
    public bool CountsAllThreads { get; init; }

    /// <summary>Words of the format that random bytes would rarely hit.</summary>
    public IReadOnlyList<byte[]> Words { get; init; } = [];

    /// <summary>What is done to a damaged input before it is read: put into an envelope, a checksum mended.</summary>
    public Func<byte[], byte[]> Wrap { get; init; } = bytes => bytes;

    /// <summary>The most that a reader may allocate for an input of so many bytes.</summary>
    public Func<int, long> AllocationLimit { get; init; } = length => (64L * length) + (1 << 20);

    /// <summary>The largest input.</summary>
    public int LongestInput { get; init; } = 1 << 20;

    /// <summary>Hears that whole files were read and damaged ones follow.</summary>
    public Action? Began { get; set; }

    /// <summary>Hears of each input before it is read.</summary>
    public Action<long>? Trying { get; set; }

    private static long Seed => Environment.GetEnvironmentVariable(SeedVariable) is { Length: > 0 } number ? long.Parse(number, CultureInfo.InvariantCulture) : 1;

    /// <summary>Tries inputs.</summary>
    /// <param name="inputs">How many in CI.</param>
    /// <param name="read">Reads one.</param>
    /// <exception cref="FuzzException">An input did what none may.</exception>
    public FuzzResult Run(int inputs, Action<byte[]> read)
    {
        var seconds = Environment.GetEnvironmentVariable(SecondsVariable) is { Length: > 0 } text ? double.Parse(text, CultureInfo.InvariantCulture) : (double?)null;
        var seed = Seed;
        foreach (var sample in samples)
        {
            read(Wrap(sample)); // a reader that refuses whole files would pass everything
        }

        Began?.Invoke();

        FuzzResult? result = null;
        FuzzException? failure = null;
        var worker = new Thread(() =>
        {
            try
            {
                result = Loop(inputs, seconds, seed, read);
            }
            catch (FuzzException e)
            {
                failure = e;
            }
        })
        { IsBackground = true };
        worker.Start();
        for (var seen = -1L; !worker.Join(Patience); seen = Interlocked.Read(ref index))
        {
            if (seen == Interlocked.Read(ref index))
            {
                throw Failure(seed, seen, Input(seed, seen), $"takes more than {Patience.TotalSeconds} s", null);
            }
        }

        return failure is null ? result! : throw failure;
    }

    private FuzzResult Loop(int inputs, double? seconds, long seed, Action<byte[]> read)
    {
        var clock = Stopwatch.StartNew();
        var (accepted, refused, most) = (0L, 0L, 0L);
        for (var i = 0L; seconds is { } limit ? clock.Elapsed.TotalSeconds < limit : i < inputs; i++)
        {
            Interlocked.Exchange(ref index, i);
            Trying?.Invoke(i);
            var input = Wrap(Input(seed, i));
            var before = Allocated();
            try
            {
                read(input);
                accepted++;
            }
            catch (Exception e) when (IsTyped(e))
            {
                refused++;
            }
            catch (Exception e)
            {
                throw Failure(seed, i, input, $"ends in {e.GetType().Name}: {e.Message}", e);
            }

            var allocated = Allocated() - before;
            most = Math.Max(most, allocated);
            if (allocated > AllocationLimit(input.Length))
            {
                throw Failure(seed, i, input, $"makes the reader allocate {allocated} bytes for a file of {input.Length}", null);
            }
        }

        return new FuzzResult(accepted + refused, accepted, refused, most);
    }

    private long Allocated() => CountsAllThreads ? GC.GetTotalAllocatedBytes(precise: false) : GC.GetAllocatedBytesForCurrentThread();

    /// <summary>The error of an input that was being read when the process that read it ended.</summary>
    public FuzzException Failure(long i, string what) => Failure(Seed, i, Wrap(Input(Seed, i)), what, null);

    private FuzzException Failure(long seed, long i, byte[] input, string what, Exception? inner)
    {
        var path = Path.Combine(Path.GetTempPath(), $"duet-fuzz-{name}-{seed}-{i}.bin");
        File.WriteAllBytes(path, input);
        return new FuzzException($"Input {i} of seed {seed} for {name} {what}. It is kept as {path}; make it a test.", inner);
    }

    private byte[] Input(long seed, long i)
    {
        var dice = new Dice(new KeyedRandom(seed, i, name, "fuzz"));
        var bytes = new List<byte>(samples[dice.Next(samples.Count)]);
        for (var n = 1 + (dice.Next(2) * dice.Next(8)); n > 0; n--)
        {
            Mutate(bytes, dice);
        }

        return bytes.Count > LongestInput ? [.. bytes[..LongestInput]] : [.. bytes];
    }

    private void Mutate(List<byte> bytes, Dice dice)
    {
        if (bytes.Count == 0)
        {
            bytes.Add((byte)dice.Next(256));
            return;
        }

        var at = dice.Next(bytes.Count);
        var length = Math.Min(bytes.Count - at, 1 + dice.Next(1 << dice.Next(8)));
        switch (dice.Next(11))
        {
            case 0:
                bytes[at] ^= (byte)(1 << dice.Next(8));
                break;
            case 1:
                bytes[at] = (byte)dice.Next(256);
                break;
            case 2:
                bytes[at] = (byte)(bytes[at] + dice.Next(7) - 3);
                break;
            case 3: // a number that sits on an edge, in either byte order
                long[] edges = [0, 1, -1, 127, 128, 255, 256, 32767, 65535, int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue];
                var number = BitConverter.GetBytes(edges[dice.Next(edges.Length)])[..(1 << dice.Next(4))];
                Overwrite(bytes, at, dice.Next(2) == 0 ? number : [.. number.Reverse()]);
                break;
            case 4:
                bytes.RemoveRange(at, length);
                break;
            case 5:
                bytes.InsertRange(at, Enumerable.Range(0, length).Select(_ => (byte)dice.Next(256)).ToArray());
                break;
            case 6: // a part again, elsewhere
                bytes.InsertRange(dice.Next(bytes.Count), bytes.GetRange(at, length));
                break;
            case 7:
                Overwrite(bytes, dice.Next(bytes.Count), [.. bytes.GetRange(at, length)]);
                break;
            case 8:
                var other = samples[dice.Next(samples.Count)];
                var from = dice.Next(other.Length);
                bytes.InsertRange(at, other[from..Math.Min(other.Length, from + length)]);
                break;
            case 9:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            default:
                if (Words.Count > 0)
                {
                    var word = Words[dice.Next(Words.Count)];
                    if (dice.Next(2) == 0)
                    {
                        bytes.InsertRange(at, word);
                    }
                    else
                    {
                        Overwrite(bytes, at, word);
                    }
                }

                break;
        }
    }

    /// <summary>Holds the generator, whose state a copy would not move.</summary>
    private sealed class Dice(KeyedRandom random)
    {
        private KeyedRandom random = random;

        public int Next(int below) => (int)random.NextInteger(below);
    }

    private static void Overwrite(List<byte> bytes, int at, byte[] with)
    {
        for (var i = 0; i < with.Length && at + i < bytes.Count; i++)
        {
            bytes[at + i] = with[i];
        }
    }
}

/// <summary>An input did what none may.</summary>
internal sealed class FuzzException(string message, Exception? innerException) : Exception(message, innerException);
