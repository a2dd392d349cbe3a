using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Duet.Data.Tables;
using Duet.Learning.Evaluation;
using Duet.Learning.Models;
using Duet.Learning.Native;
using Duet.Learning.Pretext.Clustering;

namespace Duet.Bench;

/// <summary>
/// k-means on rows of 32-bit floats that a file holds one after the other (bench/run.py makes it). Measured: first centroids, iterations, the last assignment and distances. Its peer is bench/peers/faiss_kmeans.py.
/// </summary>
internal static class KMeansBenchmark
{
    public static Command Create()
    {
        var file = new Option<string>("--file") { Description = "Rows of 32-bit floats, nothing else.", Required = true };
        var columns = new Option<int>("--columns") { DefaultValueFactory = _ => 512 };
        var rows = new Option<int>("--rows") { Description = "The file's first rows; 0 for all." };
        var k = new Option<int>("--k") { DefaultValueFactory = _ => 256 };
        var iterations = new Option<int>("--iterations") { DefaultValueFactory = _ => 20 };
        var threads = new Option<int>("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
        var precision = new Option<Precision>("--precision") { DefaultValueFactory = _ => Precision.Auto };
        var seeding = new Option<KMeansSeeding>("--seeding") { DefaultValueFactory = _ => KMeansSeeding.PlusPlus };
        var seed = new Option<long>("--seed");
        var centroids = new Option<string?>("--centroids") { Description = "Where to leave the centroids, as the rows are." };
        var command = new Command("kmeans", "Seconds of a clustering.") { file, columns, rows, k, iterations, threads, precision, seeding, seed, centroids };
        command.SetAction(p => Run(
            Load(p.GetValue(file)!, p.GetValue(columns), p.GetValue(rows)),
            p.GetValue(k),
            new KMeansOptions { Iterations = p.GetValue(iterations), Precision = p.GetValue(precision), Seeding = p.GetValue(seeding), Threads = p.GetValue(threads) },
            p.GetValue(seed),
            p.GetValue(centroids)));
        return command;
    }

    /// <summary>The same rows as a table, for measuring <c>duet cluster</c> from outside.</summary>
    public static Command CreateTable()
    {
        var file = new Option<string>("--file") { Description = "Rows of 32-bit floats, nothing else.", Required = true };
        var columns = new Option<int>("--columns") { DefaultValueFactory = _ => 512 };
        var table = new Option<string>("--out") { Description = "The Parquet file.", Required = true };
        var command = new Command("table", "Writes rows as a table of features.") { file, columns, table };
        command.SetAction(p =>
        {
            FeatureTableWriter.Write(p.GetValue(table)!, new Dictionary<string, string>(StringComparer.Ordinal), Blocks(p.GetValue(file)!, p.GetValue(columns)));
            return 0;
        });
        return command;
    }

    private static IEnumerable<FeatureBlock> Blocks(string path, int columns)
    {
        using var stream = File.OpenRead(path);
        var count = stream.Length / (columns * sizeof(float));
        for (long from = 0; from < count; from += 8192)
        {
            var rows = new FeatureRow[(int)Math.Min(8192, count - from)];
            for (var i = 0; i < rows.Length; i++)
            {
                rows[i] = new FeatureRow($"{from + i:x32}/0", $"{from + i:x32}", 0, "audio", "conv5");
            }

            var values = new float[rows.Length * columns];
            stream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
            yield return new FeatureBlock(rows, columns, values);
        }
    }

    private static int Run(FeatureMatrix features, int k, KMeansOptions options, long seed, string? centroids)
    {
        TorchRuntime.EnsureLoaded();
        var clock = new Clock();
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var result = KMeans.Fit(features, k, options, seed, clock);
        var seconds = clock.Elapsed;
        cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        if (centroids is not null)
        {
            File.WriteAllBytes(centroids, MemoryMarshal.AsBytes(result.Model.Centroids.Values.AsSpan()).ToArray());
        }

        Console.WriteLine(JsonSerializer.Serialize(new
        {
            benchmark = "kmeans",
            rows = features.Rows,
            columns = features.Columns,
            k,
            threads = options.Threads,
            configuration = $"Duet, {(result.Precision == Precision.Bf16 ? "bf16" : "fp32")}",
            seconds = Math.Round(seconds, 3),
            seeding_seconds = Math.Round(clock.Seeding, 3),
            cpu_seconds = Math.Round(cpu.TotalSeconds, 3),
            iterations = result.Iterations.Count,
            cpu_seconds_per_iteration = Math.Round(clock.CpuPerIteration, 5),
            seconds_per_iteration = Math.Round(clock.PerIteration, 4),
            objective = result.Objective,
            imbalance = Math.Round(result.Imbalance, 3),
            splits = result.Splits,
            bf16_disagreement = result.Bf16Disagreement,
            peak_megabytes = Process.GetCurrentProcess().PeakWorkingSet64 >> 20,
        }));
        return 0;
    }

    private static FeatureMatrix Load(string path, int columns, int rows)
    {
        using var stream = File.OpenRead(path);
        var features = new FeatureMatrix(rows > 0 ? rows : (int)(stream.Length / (columns * sizeof(float))), columns);
        for (var r = 0; r < features.Rows; r++)
        {
            stream.ReadExactly(MemoryMarshal.AsBytes(features.Row(r)));
        }

        return features;
    }

    private sealed class Clock : IProgress<KMeansProgress>
    {
        private readonly long start = Stopwatch.GetTimestamp();
        private readonly List<double> at = [];
        private readonly List<double> cpu = [];

        public double Elapsed => Stopwatch.GetElapsedTime(start).TotalSeconds;

        /// <summary>Until the first iteration's end, less one iteration.</summary>
        public double Seeding => at.Count > 1 ? at[1] - PerIteration : 0;

        public double PerIteration => at.Count > 2 ? (at[^1] - at[1]) / (at.Count - 2) : 0;

        /// <summary>Processor time of all threads.</summary>
        public double CpuPerIteration => cpu.Count > 2 ? (cpu[^1] - cpu[1]) / (cpu.Count - 2) : 0;

        public void Report(KMeansProgress value)
        {
            at.Add(Elapsed);
            using var process = Process.GetCurrentProcess();
            cpu.Add(process.TotalProcessorTime.TotalSeconds);
        }
    }
}
