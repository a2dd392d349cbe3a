using System.Globalization;
using System.Runtime.InteropServices;

namespace Duet.Data.Media;

/// <summary>
/// Where the pictures' times leave out many seconds, a player holds the last picture. ffmpeg's <c>fps</c> filter makes every copy of it before the first one is encoded: an hour
/// of small pictures takes gigabytes. So the graph leaves all but a few seconds of such a hole out, in whole frames of what comes out, and prints which picture
/// is to be held and how often; the copies are bytes, and only those that are stored are made.
/// </summary>
/// <param name="frameRate">Pictures per second that come out.</param>
internal sealed class HeldPictures(double frameRate)
{
    /// <summary>Shortest hole that is left out, seconds.</summary>
    private const double Shortest = Converter.GapSeconds;

    /// <summary>Which pictures are to be held, well within the part of the hole that stayed, and how many more of each there are.</summary>
    private readonly PrintedHoles holes = new(frameRate, Kept(frameRate));

    /// <summary>
    /// What <c>setpts</c> does: register 0 has the pictures left out so far, 1 the latest time from the first picture on, 2 the seconds by which this one is later, 3 the pictures to leave
    /// out before it. The value is the time from the first picture on, in the stream's unit, to which what was left out is rounded as a whole: down, but for what floating point lacks, as a
    /// picture halfway between two that come out becomes the later one, and the earlier one if it comes ever so little before.
    /// </summary>
    /// <param name="rate">Pictures per second that come out.</param>
    /// <param name="time">The timestamp's expression.</param>
    public static string Times(Rational rate, string time)
    {
        var stays = Kept(rate.ToDouble());
        var (n, d) = (rate.Numerator, rate.Denominator);
        return string.Create(
            CultureInfo.InvariantCulture,
            $@"st(2\,(PTS-STARTPTS-ld(1))*TB);if(gt(ld(2)\,{Math.Max(Shortest, 2 * stays):R})\,st(3\,floor((ld(2)-{stays:R})*{n}/{d}));"
            + $@"print(floor(ld(1)*TB*{n}/{d}-ld(0))+2\,32);print(ld(3)\,32);st(0\,ld(0)+ld(3)));if(gt(ld(2)\,0)\,st(1\,PTS-STARTPTS));{time}-STARTPTS-floor(ld(0)*{d}/({n}*TB)+0.001)");
    }

    /// <summary>Takes a number that the graph printed after the first picture's time.</summary>
    /// <returns>Whether it was one.</returns>
    public bool Take(string text) => holes.Take(text);

    /// <summary>How many pictures are to be added to those that came out.</summary>
    /// <param name="pictures">How many came out.</param>
    public long Added(int pictures) => holes.Added(pictures);

    /// <inheritdoc cref="PrintedHoles.Longest"/>
    public (double From, double Seconds)? Longest => holes.Longest;

    /// <inheritdoc cref="PrintedHoles.Stretches"/>
    public IEnumerable<(double From, double Seconds)> Stretches() => holes.Stretches();

    /// <summary>The time that a picture has when nothing is left out.</summary>
    /// <param name="seconds">The time at which it came out.</param>
    public double TimeOf(double seconds) => seconds + holes.All.Where(h => h.At <= seconds * frameRate).Sum(h => h.Length / frameRate);

    /// <summary>Whether pictures are added within what is kept.</summary>
    /// <param name="alignment">What is kept of all pictures.</param>
    public bool Within(ClockAlignment alignment) => holes.All.Count > 0 && holes.All[0].At + 1 < alignment.FirstFrame + alignment.FrameCount;

    /// <summary>Of the pictures that came out, those that are kept, in their order, each as often as it is held.</summary>
    /// <param name="pictures">How many came out.</param>
    /// <param name="alignment">What is kept of all pictures.</param>
    public IEnumerable<int> Order(int pictures, ClockAlignment alignment)
    {
        return All().Skip(alignment.FirstFrame).Take(alignment.FrameCount);

        IEnumerable<int> All()
        {
            var next = 0;
            for (var i = 0; i < pictures; i++)
            {
                yield return i;
                for (var left = next < holes.All.Count && holes.All[next].At == i ? holes.All[next++].Length : 0; left > 0; left--)
                {
                    yield return i;
                }
            }
        }
    }

    /// <summary>Copies pictures.</summary>
    /// <param name="from">The pictures that came out.</param>
    /// <param name="offsets">Where each starts; one more at the end.</param>
    /// <param name="order">Which to copy.</param>
    /// <param name="to">Where they go.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>Where each starts there; one more at the end.</returns>
    public static IReadOnlyList<long> Copy(Stream from, IReadOnlyList<long> offsets, IEnumerable<int> order, Stream to, CancellationToken cancellationToken)
    {
        List<long> copied = [];
        List<byte> bytes = [];
        var (end, read) = (0L, -1);
        foreach (var i in order)
        {
            if (i != read)
            {
                cancellationToken.ThrowIfCancellationRequested();
                CollectionsMarshal.SetCount(bytes, checked((int)(offsets[i + 1] - offsets[i])));
                from.Position = offsets[i];
                from.ReadExactly(CollectionsMarshal.AsSpan(bytes));
                read = i;
            }

            copied.Add(end);
            to.Write(CollectionsMarshal.AsSpan(bytes));
            end += bytes.Count;
        }

        copied.Add(end);
        return copied;
    }

    /// <summary>What stays of a hole, seconds: enough for what looks for stretches in which nothing moves, and for four pictures.</summary>
    private static double Kept(double frameRate) => Math.Max(2 * Converter.StillSeconds, 4 / frameRate);
}
