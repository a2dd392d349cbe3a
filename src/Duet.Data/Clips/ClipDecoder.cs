using Duet.Data.Store;

namespace Duet.Data.Clips;

/// <summary>Carries out one request at a time: reads, decodes, crops. One per worker.</summary>
internal sealed class ClipDecoder(IClipStore store, int size)
{
    private readonly FrameBuffer buffer = new();
    private readonly FrameDecoder frames = new(size);

    /// <summary>Reads a sample.</summary>
    /// <param name="request">What to read.</param>
    /// <param name="rgb">Gets the frames, <c>[time, size, size, 3]</c>.</param>
    /// <param name="samples">Gets the sound, <c>[window, sample]</c>.</param>
    /// <returns>Null, or why the sample could not be read; then it is black and silent.</returns>
    public string? Decode(ClipRequest request, Span<byte> rgb, Span<short> samples)
    {
        try
        {
            if (request.FrameCount > 0)
            {
                var read = store.ReadFrames(request.Video, request.FirstFrame, request.FrameCount, request.FrameStep, buffer);
                if (read != request.FrameCount)
                {
                    throw new StoreException($"The store gave {read} of {request.FrameCount} frames from frame {request.FirstFrame} on.");
                }

                frames.Decode(buffer, request.Video, request.Crop, rgb);
            }

            for (var i = 0; i < request.Audio.Count; i++)
            {
                var window = request.Audio[i];
                store.ReadSamples(window.Video, window.FirstSample, samples.Slice(i * window.SampleCount, window.SampleCount));
            }

            return null;
        }
        catch (StoreException e)
        {
            rgb.Clear();
            samples.Clear();
            return e.Message;
        }
    }
}
