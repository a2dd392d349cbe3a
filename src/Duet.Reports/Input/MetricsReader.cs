using System.Text.Json;
using System.Text.Unicode;

namespace Duet.Reports.Input;

/// <summary>Reads <c>metrics.jsonl</c>: one object per line, appended while the run goes on.</summary>
internal static class MetricsReader
{
    /// <summary>The largest metrics file that is read, bytes: about a million lines.</summary>
    public const long LargestFile = 512L << 20;

    /// <summary>Reads the file; one that doesn't exist is an empty run.</summary>
    /// <exception cref="ReportException">A line is no metric. The last line may be torn: a run that was killed ends that way.</exception>
    public static Metrics Read(string path)
    {
        if (Json.ReadFile(path, LargestFile) is not { } bytes)
        {
            return Metrics.Empty;
        }

        List<MetricLine> train = [], validation = [], events = [], plans = [];
        bool torn = false;
        var rest = Json.WithoutMark(bytes);
        for (int number = 1; rest.Length > 0; number++)
        {
            int end = rest.IndexOf((byte)'\n');
            bool complete = end >= 0;
            var line = rest[..(complete ? end : rest.Length)];
            rest = complete ? rest[(end + 1)..] : [];
            if (line.Trim(" \t\r"u8).IsEmpty)
            {
                continue;
            }

            if (!complete && !Utf8.IsValid(line))
            {
                torn = true; // in the midst of a letter
                break;
            }

            Json.CheckText(path, number, line);

            MetricLine metric;
            try
            {
                metric = JsonSerializer.Deserialize<MetricLine>(line, Json.Options) ?? throw new JsonException("The line holds only null.");
            }
            catch (JsonException) when (!complete)
            {
                torn = true;
                break;
            }
            catch (JsonException e)
            {
                throw Json.Malformed(path, number, e);
            }

            if (metric.Step is not { } step || step < 0)
            {
                throw new ReportException($"{path}, line {number}: a metric needs its step, a whole number from 0.");
            }

            switch (metric.Kind)
            {
                case "train":
                    Append(train, metric, step);
                    break;
                case "validation":
                    Append(validation, metric, step);
                    break;
                case "plan":
                    Append(plans, metric, step);
                    break;
                case "event":
                    events.Add(metric);
                    break;
                default:
                    // Other methods may write kinds that this report doesn't draw.
                    break;
            }
        }

        return new Metrics(train, validation, events, torn) { Plans = plans };
    }

    /// <summary>A resumed run goes on from its last checkpoint and does some steps again: what it says then replaces what was said before.</summary>
    private static void Append(List<MetricLine> lines, MetricLine line, long step)
    {
        while (lines.Count > 0 && lines[^1].Step >= step)
        {
            lines.RemoveAt(lines.Count - 1);
        }

        lines.Add(line);
    }
}
