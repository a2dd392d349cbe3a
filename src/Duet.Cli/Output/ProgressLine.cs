using System.Globalization;
using Duet.Cli.Hosting;

namespace Duet.Cli.Output;

/// <summary>
/// Progress of long work: how far, how fast, the share of time spent waiting for data, the time left. One live line on a terminal,
/// a plain line every few seconds elsewhere. Safe to report to from any thread.
/// </summary>
internal sealed class ProgressLine : IDisposable
{
    private static readonly TimeSpan LiveEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PlainEvery = TimeSpan.FromSeconds(5);

    /// <summary>The rate is that of the last half minute, so that the time left follows a change of pace.</summary>
    private static readonly TimeSpan RateWindow = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private readonly Queue<(TimeSpan At, double Done)> samples = new();
    private readonly TextWriter writer;
    private readonly Func<int> width;
    private readonly bool live;
    private readonly TimeProvider time;
    private readonly long started;
    private readonly string what;
    private readonly string unit;
    private TimeSpan lastDrawn = TimeSpan.MinValue;
    private string? drawn;
    private bool disposed;

    /// <summary>Starts the clock.</summary>
    /// <param name="context">The verb's context.</param>
    /// <param name="what">What is going on, such as <c>ingest</c>.</param>
    /// <param name="unit">What is counted, in the plural, such as <c>videos</c>.</param>
    /// <param name="time">The clock; the system's by default.</param>
    public ProgressLine(CommandContext context, string what, string unit, TimeProvider? time = null)
    {
        writer = context.Console.Profile.Out.Writer;
        live = context.IsTerminal;
        width = () => context.Console.Profile.Width;
        this.time = time ?? TimeProvider.System;
        this.what = what;
        this.unit = unit;
        started = this.time.GetTimestamp();
    }

    /// <summary>Says how far the work is; draws it if it is time to.</summary>
    /// <param name="done">Units done, those of an earlier, interrupted call included.</param>
    /// <param name="total">Units in all; 0 where not known yet.</param>
    /// <param name="dataWaitShare">The share of time spent waiting for data, 0 to 1, where it is known.</param>
    /// <param name="detail">A few words more, such as a loss.</param>
    public void Report(double done, double total = 0, double? dataWaitShare = null, string? detail = null)
    {
        lock (gate)
        {
            if (disposed)
            {
                return;
            }

            var now = time.GetElapsedTime(started);
            if (samples.Count == 0 || now > samples.Last().At)
            {
                samples.Enqueue((now, done));
            }

            while (samples.Count > 2 && now - samples.Peek().At > RateWindow)
            {
                samples.Dequeue();
            }

            var finished = total > 0 && done >= total;
            if (!finished && lastDrawn != TimeSpan.MinValue && now - lastDrawn < (live ? LiveEvery : PlainEvery))
            {
                return;
            }

            var first = samples.Peek();
            var rate = now > first.At ? (done - first.Done) / (now - first.At).TotalSeconds : 0;
            var text = Format(what, unit, done, total, rate, dataWaitShare, detail);
            if (!string.Equals(text, drawn, StringComparison.Ordinal))
            {
                Draw(text);
                lastDrawn = now;
            }
        }
    }

    /// <summary>Prints a line that stays, above the live one.</summary>
    public void Note(string line)
    {
        lock (gate)
        {
            if (live && drawn is not null)
            {
                writer.Write("\r\e[K");
            }

            writer.WriteLine(line);
            if (live && drawn is not null && !disposed)
            {
                writer.Write(drawn);
            }

            writer.Flush();
        }
    }

    /// <summary>Ends the live line; what it last said stays on the screen.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (!disposed && live && drawn is not null)
            {
                writer.WriteLine();
                writer.Flush();
            }

            disposed = true;
        }
    }

    /// <summary>The line's text, such as <c>ingest: 12 of 300 videos (4 %), 3.1/s, 7 % waiting for data, 1 min 33 s left</c>.</summary>
    internal static string Format(string what, string unit, double done, double total, double rate, double? dataWaitShare, string? detail)
    {
        var parts = new List<string>
        {
            total > 0
                ? string.Create(CultureInfo.InvariantCulture, $"{done:0} of {total:0} {unit} ({Math.Floor(100 * done / total):0} %)")
                : string.Create(CultureInfo.InvariantCulture, $"{done:0} {unit}"),
        };
        if (detail is not null)
        {
            parts.Add(detail);
        }

        if (rate > 0)
        {
            parts.Add(Rate(rate));
        }

        if (dataWaitShare is { } share)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{100 * share:0} % waiting for data"));
        }

        if (rate > 0 && total > done)
        {
            parts.Add(Durations.Text(TimeSpan.FromSeconds(Math.Min((total - done) / rate, 3.15e8))) + " left");
        }

        return $"{what}: {string.Join(", ", parts)}";
    }

    private static string Rate(double rate) => rate switch
    {
        >= 100 => string.Create(CultureInfo.InvariantCulture, $"{rate:0}/s"),
        >= 1 => string.Create(CultureInfo.InvariantCulture, $"{rate:0.0}/s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{60 * rate:0.0}/min"),
    };

    private void Draw(string text)
    {
        if (live)
        {
            text = text.Length < width() ? text : text[..Math.Max(0, width() - 1)];
            writer.Write("\r\e[K");
            writer.Write(text);
        }
        else
        {
            writer.WriteLine(text);
        }

        writer.Flush();
        drawn = text;
    }
}
