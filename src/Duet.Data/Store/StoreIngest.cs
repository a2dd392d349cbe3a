using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using Duet.Data.Datasets;
using Duet.Data.Files;
using Duet.Data.Media;
using Microsoft.Data.Sqlite;

namespace Duet.Data.Store;

/// <summary>
/// Brings videos into a store. Killed at any moment and called again, it goes on where it was: a video is part of the
/// store once its bytes are on the disk and its row is committed, in this order, and before that it is nothing.
/// </summary>
public static class StoreIngest
{
    /// <summary>Brings a folder, a list or one video into a store.</summary>
    /// <param name="options">What and how.</param>
    /// <param name="progress">Told how far it is; may be called from several threads.</param>
    /// <param name="cancellationToken">Stops; what is done by then stays done.</param>
    /// <exception cref="UsageException">An option is out of range, the source does not exist, or the store has other settings.</exception>
    /// <exception cref="StoreException">The store is damaged, or another ingest writes to it.</exception>
    /// <exception cref="FileWriteException">The store's disk is full or can't be written to.</exception>
    /// <exception cref="MediaToolsMissingException">There is no ffmpeg.</exception>
    public static async Task<IngestSummary> RunAsync(IngestOptions options, IProgress<IngestProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate().FirstOrDefault() is { } error)
        {
            throw new UsageException($"{error.Property} {error.Message}.");
        }

        var clock = Stopwatch.StartNew();
        var store = Path.GetFullPath(options.Store);
        var sources = DatasetLayouts.Find(options.Source, store, options.Layout, options.Labels, options.Streams ?? StoreFolder.StreamsOf(store));
        var limits = options.Limits ?? sources.NaturalLimits ?? new QualityLimits();
        var tools = options.Tools ?? MediaTools.Find();
        try
        {
            StoreFolder.Prepare(store);
            using var held = StoreLock.Take(store);
            StoreFolder.ClearSpool(store);
            using var catalog = CatalogWriter.Open(store, StoreFolder.NewSettings(options, sources.NaturalStreams ?? StoreStreams.Both));
            var settings = CatalogReader.Settings(catalog.Connection);
            StoreFolder.RefuseOtherSettings(options, settings);
            using var shards = new ShardWriter(options.Files, store, (long)options.ShardMegabytes << 20);
            shards.Recover(catalog.Shards());
            var plan = IngestPlan.Make(catalog, sources.Files, limits);
            var run = new Run(options, limits, tools, settings, store, catalog, shards, plan, progress);
            try
            {
                await run.WorkAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                StoreFolder.ClearSpool(store); // after an error too: on a full disk this is the room that is missing
            }

            catalog.Connection.Scalar<long>("PRAGMA wal_checkpoint(TRUNCATE)");
            return IngestReport.Make(catalog.Connection, store, settings.Streams, sources, plan, clock.Elapsed);
        }
        catch (SqliteException e)
        {
            throw e.SqliteErrorCode switch
            {
                SqliteFull => FileWriteException.For(StoreLayout.Catalog(store), new IOException(e.Message, NoSpace)),
                SqliteReadOnly or SqliteCantOpen => FileWriteException.For(StoreLayout.Catalog(store), new UnauthorizedAccessException(e.Message, e)),
                _ => CatalogConnection.Damaged(StoreLayout.Catalog(store), e),
            };
        }
        catch (Exception e) when (FileWriteException.Explains(e))
        {
            throw FileWriteException.For(store, e);
        }
    }

    private const int SqliteReadOnly = 8;
    private const int SqliteFull = 13;
    private const int SqliteCantOpen = 14;
    private const int NoSpace = 28;

    /// <summary>One call's work: some workers that analyse files, one writer that stores what they find.</summary>
    private sealed class Run
    {
        /// <summary>Videos that share one flush to the disk, where several wait.</summary>
        private const int MaxBatch = 32;

        private readonly IngestOptions options;
        private readonly StoreSettings settings;
        private readonly CatalogWriter catalog;
        private readonly ShardWriter shards;
        private readonly IngestPlan plan;
        private readonly IProgress<IngestProgress>? progress;
        private readonly Analyser analyser;
        private readonly int jobs;
        private readonly ConcurrentDictionary<string, Task<bool>> claims;
        private readonly Channel<Outcome> outcomes;
        private readonly ConcurrentDictionary<long, double> partly = new();
        private int done;
        private int ready;
        private int quarantined;
        private double mediaSeconds;

        public Run(
            IngestOptions options,
            QualityLimits limits,
            MediaTools tools,
            StoreSettings settings,
            string store,
            CatalogWriter catalog,
            ShardWriter shards,
            IngestPlan plan,
            IProgress<IngestProgress>? progress)
        {
            this.options = options;
            this.settings = settings;
            this.catalog = catalog;
            this.shards = shards;
            this.plan = plan;
            this.progress = progress;
            jobs = options.Jobs > 0 ? options.Jobs : Environment.ProcessorCount;
            analyser = new Analyser(tools, settings, limits, StoreLayout.Spool(store), options.MediaLimits);
            claims = new ConcurrentDictionary<string, Task<bool>>(plan.KnownContents.Select(id => KeyValuePair.Create(id, Task.FromResult(true))), StringComparer.Ordinal);

            // Bounded, so that converted videos that wait for the writer do not fill the disk.
            outcomes = Channel.CreateBounded<Outcome>(new BoundedChannelOptions(2 * jobs) { SingleReader = true });
        }

        public async Task WorkAsync(CancellationToken cancellationToken)
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var writer = Task.Run(() => WriteAsync(stop), CancellationToken.None);
            Exception? failure = null;
            try
            {
                await Parallel.ForEachAsync(
                    plan.ToDo.Select((item, index) => (item, left: plan.ToDo.Count - index)),
                    new ParallelOptions { MaxDegreeOfParallelism = jobs, CancellationToken = stop.Token },
                    async (work, token) => await outcomes.Writer.WriteAsync(await AnalyseAsync(work.item, work.left, token).ConfigureAwait(false), token)
                        .ConfigureAwait(false)).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                failure = e;
            }

            outcomes.Writer.Complete();
            await writer.ConfigureAwait(false); // its own error comes first: the workers' cancellation is only its consequence
            cancellationToken.ThrowIfCancellationRequested();
            if (failure is not null)
            {
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
            }
        }

        private async Task<Outcome> AnalyseAsync(PlannedFile item, int left, CancellationToken cancellationToken)
        {
            var outcome = new Outcome { Source = item.Source, Number = item.Number };
            var path = item.Source.FullPath;
            FileStamp before;
            string id;
            try
            {
                before = FileStamp.Of(path);
                outcome = outcome with { Size = before.Size, Modified = before.Modified };
                if (before.Size == 0)
                {
                    return outcome with { Reason = QuarantineReason.Undecodable, Detail = "the file is empty" };
                }

                id = ContentId.Of(path, before.Size, cancellationToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return outcome with { Reason = QuarantineReason.Unreadable, Detail = FileStamp.Explain(path, e) };
            }

            try
            {
                var claim = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
                while (claims.GetOrAdd(id, claim.Task) is { } first && first != claim.Task)
                {
                    // Another file with this content is known, or in work: it may still turn out to be none.
                    if (await first.WaitAsync(cancellationToken).ConfigureAwait(false))
                    {
                        return outcome with { Id = id };
                    }
                }

                var isKept = false;
                try
                {
                    // With few files left, one ffmpeg may use the processors that no other needs.
                    var threads = Math.Max(1, Environment.ProcessorCount / Math.Min(jobs, left));
                    var analysis = await analyser.AnalyseAsync(
                        path, id, threads, (seconds, all) => Report(item, seconds, all), cancellationToken).ConfigureAwait(false);
                    isKept = FileStamp.TryOf(path) == before;
                    if (!isKept)
                    {
                        analysis.Spooled?.Delete();
                        return outcome with { Modified = 0, Reason = QuarantineReason.Changed, Detail = "it was written to, or went away, while it was read; ingest it again" };
                    }

                    return outcome with { Id = id, Analysis = analysis };
                }
                finally
                {
                    if (!isKept)
                    {
                        claims.TryRemove(id, out _);
                    }

                    claim.SetResult(isKept);
                }
            }
            finally
            {
                partly.TryRemove(item.Number, out _);
            }
        }

        private async Task WriteAsync(CancellationTokenSource stop)
        {
            var duplicates = new List<Outcome>();
            var recorded = new HashSet<string>(plan.KnownContents, StringComparer.Ordinal);
            try
            {
                while (await outcomes.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
                {
                    var batch = new List<Outcome>();
                    while (batch.Count < MaxBatch && outcomes.Reader.TryRead(out var outcome))
                    {
                        batch.Add(outcome);
                    }

                    // A duplicate may overtake the file that it duplicates.
                    duplicates.AddRange(batch.Where(o => o is { Id: not null, Analysis: null }));
                    var stored = Store([.. batch.Where(o => o.Id is null || o.Analysis is not null)]);
                    recorded.UnionWith(stored.Select(o => o.Id).OfType<string>());
                    stored.AddRange(duplicates.Where(o => recorded.Contains(o.Id!)));
                    duplicates.RemoveAll(o => recorded.Contains(o.Id!));
                    catalog.Record(stored, shards.Lengths);
                    shards.Committed();
                    Count(stored);
                }
            }
            catch
            {
                shards.Rollback();
                await stop.CancelAsync().ConfigureAwait(false);
                throw;
            }
        }

        private List<Outcome> Store(List<Outcome> batch)
        {
            var stored = new List<Outcome>(batch.Count);
            foreach (var outcome in batch)
            {
                if (outcome is { Id: { } id, Analysis: { Spooled: { } spooled } analysis })
                {
                    var placement = VideoEntry.Append(shards, settings, outcome.Source, id, analysis);
                    spooled.Delete();
                    stored.Add(outcome with { Placement = placement });
                }
                else
                {
                    stored.Add(outcome);
                }
            }

            shards.Flush();
            return stored;
        }

        private void Count(List<Outcome> stored)
        {
            foreach (var outcome in stored)
            {
                done++;
                if (outcome.Placement is not null)
                {
                    ready++;
                    mediaSeconds += outcome.Analysis!.Quality!.Seconds;
                }
                else if (outcome is { Id: not null, Analysis: null } && catalog.IsReady(outcome.Source.FullPath))
                {
                    ready++; // a file that was moved, or came back: its content is stored
                }
                else
                {
                    quarantined++;
                }
            }

            Report();
        }

        private void Report(PlannedFile item, double seconds, double all)
        {
            if (progress is not null && all > 0)
            {
                partly[item.Number] = Math.Min(0.99, seconds / all);
                Report();
            }
        }

        private void Report() => progress?.Report(new IngestProgress(
            Math.Min(plan.ToDo.Count, Volatile.Read(ref done) + partly.Values.Sum()), plan.ToDo.Count, ready, quarantined, mediaSeconds));
    }
}
