namespace Duet.Data.Clips;

/// <summary>Which requests make one batch, and how large its parts are.</summary>
/// <param name="First">The first request's index.</param>
/// <param name="Count">How many requests.</param>
/// <param name="ClipFrameBytes">Bytes of one clip's frames.</param>
/// <param name="WindowSamples">Samples of one stretch of sound.</param>
/// <param name="Windows">Stretches of sound per clip.</param>
internal readonly record struct BatchShape(int First, int Count, int ClipFrameBytes, int WindowSamples, int Windows)
{
    public int ClipSamples => WindowSamples * Windows;

    public long Bytes => ((long)Count * ClipFrameBytes) + ((long)Count * ClipSamples * sizeof(short));

    /// <summary>Divides requests into batches.</summary>
    /// <exception cref="ArgumentException">Requests that share a batch differ in shape, or a crop does not lie in its frame.</exception>
    /// <exception cref="UsageException">A batch is larger than an array can be.</exception>
    public static BatchShape[] Of(IReadOnlyList<ClipRequest> requests, int batch, int size)
    {
        var shapes = new BatchShape[(requests.Count + (long)batch - 1) / batch];
        for (var b = 0; b < shapes.Length; b++)
        {
            var first = b * batch;
            var count = Math.Min(batch, requests.Count - first);
            var lead = requests[first];
            var samples = lead.Audio.Count == 0 ? 0 : lead.Audio[0].SampleCount;
            for (var i = first; i < first + count; i++)
            {
                Check(requests[i], lead, samples, i);
            }

            var frames = (long)lead.FrameCount * size * size * 3;
            if (frames * count > Array.MaxLength || (long)samples * lead.Audio.Count * count > Array.MaxLength)
            {
                throw new UsageException($"A batch of {count} clips of {lead.FrameCount} frames of {size}x{size} pixels is larger than 2 GB; take smaller batches.");
            }

            shapes[b] = new BatchShape(first, count, (int)frames, samples, lead.Audio.Count);
        }

        return shapes;
    }

    private static void Check(ClipRequest request, ClipRequest lead, int samples, int index)
    {
        if (request.FrameCount != lead.FrameCount || request.FrameCount < 0 || request.Audio.Count != lead.Audio.Count
            || request.Audio.Any(w => w.SampleCount != samples || w.SampleCount < 1))
        {
            throw new ArgumentException(
                $"Request {index} ({request.FrameCount} frames, {request.Audio.Count} windows) differs in shape from the first of its batch ({lead.FrameCount} frames, {lead.Audio.Count} windows of {samples} samples).");
        }

        var (x, y, width, height, _) = request.Crop;
        if (request.FrameCount > 0
            && (x < 0 || y < 0 || width < 1 || height < 1 || x > request.Video.Width - width || y > request.Video.Height - height))
        {
            throw new ArgumentException($"Request {index}: its crop {request.Crop} does not lie in a frame of {request.Video.Width}x{request.Video.Height} pixels.");
        }
    }
}
