namespace Duet.Data.Clips;

/// <summary>
/// For each output pixel of one axis, which source pixels it is made of and with what fixed-point weights: bilinear, and
/// when shrinking the triangle widens to cover all that it stands for (antialiasing), as in Pillow and in PyTorch's <c>antialias=True</c>.
/// </summary>
internal sealed class ResampleTaps
{
    /// <summary>The weights of one output pixel sum to exactly 1 &lt;&lt; this.</summary>
    public const int WeightBits = 14;

    /// <summary>First source pixel of each output pixel.</summary>
    public int[] First { get; private set; } = [];

    /// <summary>Weights, <c>[output, tap]</c>; taps beyond those needed weigh 0 and may lie past the source's end.</summary>
    public short[] Weights { get; private set; } = [];

    /// <summary>Taps per output pixel: even, so that they can be multiplied in pairs.</summary>
    public int Taps { get; private set; }

    /// <summary>The first source pixel that any output pixel needs.</summary>
    public int Low { get; private set; }

    /// <summary>One past the last source pixel that any output pixel needs.</summary>
    public int High { get; private set; }

    /// <summary>Works out the weights.</summary>
    /// <param name="origin">Where the crop starts, source pixels.</param>
    /// <param name="extent">The crop's length, source pixels.</param>
    /// <param name="source">The source's length: nothing past it is used, nor anything outside the crop.</param>
    /// <param name="size">Output pixels.</param>
    /// <param name="flip">Whether output pixels run backwards.</param>
    public void Prepare(double origin, double extent, int source, int size, bool flip)
    {
        Low = Math.Max(0, (int)Math.Floor(origin));
        High = Math.Min(source, (int)Math.Ceiling(origin + extent));
        var scale = extent / size;
        var support = Math.Max(1.0, scale);
        Taps = ((int)Math.Ceiling(2 * support) + 2) & ~1;
        if (First.Length < size)
        {
            First = new int[size];
        }

        if (Weights.Length < size * Taps)
        {
            Weights = new short[size * Taps];
        }

        Span<double> exact = stackalloc double[Math.Min(Taps, 512)];
        if (Taps > exact.Length)
        {
            exact = new double[Taps]; // only where a frame shrinks more than 255 times
        }

        for (var i = 0; i < size; i++)
        {
            var centre = origin + ((i + 0.5) * scale);
            var from = Math.Clamp((int)Math.Floor(centre - support + 0.5), Low, High - 1);
            var to = Math.Clamp((int)Math.Floor(centre + support + 0.5), from + 1, High);
            var sum = 0.0;
            for (var t = 0; t < to - from; t++)
            {
                exact[t] = Math.Max(0, 1 - Math.Abs((from + t + 0.5 - centre) / support));
                sum += exact[t];
            }

            var place = flip ? size - 1 - i : i;
            First[place] = from;
            Quantise(exact[..(to - from)], sum, Weights.AsSpan(place * Taps, Taps));
        }
    }

    /// <summary>Rounds weights so that they keep their sum: each takes the rounded running sum less the one before.</summary>
    private static void Quantise(ReadOnlySpan<double> exact, double sum, Span<short> weights)
    {
        weights.Clear();
        var running = 0.0;
        var given = 0;
        for (var t = 0; t < exact.Length; t++)
        {
            running += exact[t];
            var upTo = t == exact.Length - 1 ? 1 << WeightBits : (int)Math.Round(running / sum * (1 << WeightBits));
            weights[t] = (short)(upTo - given);
            given = upTo;
        }
    }
}
