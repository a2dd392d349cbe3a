using System.Globalization;

namespace Duet.Data.Media;

/// <summary>
/// Where the sound's times leave a minute or more out, there is silence. ffmpeg's resampler makes all of it at once: an hour takes a gigabyte, and of more than 2^31 samples it makes
/// none. So the graph leaves out whole seconds of such a hole and prints them, and they are added to what it wrote.
/// </summary>
/// <param name="sampleRate">Samples per second that come out.</param>
internal sealed class LeftOutSilence(int sampleRate)
{
    /// <summary>Shortest hole that is left out, seconds.</summary>
    private const int Shortest = 60;

    /// <summary>What stays of it, seconds: enough for it to count as a hole.</summary>
    private const int Kept = Converter.GapSeconds + 2;

    /// <summary>The second, well within the part of the hole that stayed, before which there are more.</summary>
    private readonly PrintedHoles holes = new(rate: 1, Kept);

    /// <summary>
    /// What <c>asetpts</c> does, where the unit is a sample: register 0 has the seconds left out so far, 1 the latest end of a sound, from the first sample on, 2 the samples from there to
    /// this one, 3 the seconds to leave out before it.
    /// </summary>
    /// <param name="time">The timestamp's expression.</param>
    public static string Times(string time) => string.Create(
        CultureInfo.InvariantCulture,
        $@"st(2\,PTS-STARTPTS-ld(1));if(gt(ld(2)\,{Shortest}*SR)\,st(3\,floor(ld(2)/SR)-{Kept});print(floor(ld(1)/SR-ld(0))+2\,40);print(ld(3)\,40);st(0\,ld(0)+ld(3)));"
        + $@"if(not(isnan(ld(2)))\,st(1\,max(ld(1)\,PTS-STARTPTS+NB_SAMPLES)));{time}-ld(0)*SR");

    /// <summary>Takes a number that the graph printed after the first sample's time.</summary>
    /// <returns>Whether it was one.</returns>
    public bool Take(string text) => holes.Take(text);

    /// <summary>How many samples are to be added to those that came out.</summary>
    /// <param name="samples">How many came out.</param>
    public long Added(long samples) => sampleRate * holes.Added(samples / sampleRate);

    /// <inheritdoc cref="PrintedHoles.Longest"/>
    public (double From, double Seconds)? Longest => holes.Longest;

    /// <summary>Copies samples, with the silence that was left out.</summary>
    /// <param name="from">The samples that came out, two bytes each.</param>
    /// <param name="to">A new file; the silence takes no room on disks that keep holes in files.</param>
    /// <param name="cancellationToken">Stops.</param>
    public void Copy(Stream from, Stream to, CancellationToken cancellationToken)
    {
        var buffer = new byte[1 << 16];
        foreach (var (second, seconds) in holes.All.Where(h => h.At < from.Length / sizeof(short) / sampleRate))
        {
            Take((second * (long)sampleRate * sizeof(short)) - from.Position);
            to.Position += seconds * (long)sampleRate * sizeof(short);
        }

        Take(from.Length - from.Position);

        void Take(long left)
        {
            while (left > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, left));
                from.ReadExactly(piece);
                to.Write(piece);
                left -= piece.Length;
            }
        }
    }
}
