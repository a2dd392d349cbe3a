using Duet.Learning.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>
/// The encoders of a clustering run, each with a linear classifier per clustering that it learns to predict. Parameters are named
/// <c>video.encoder.*</c>, <c>video.head_audio.*</c> (the video encoder's head for the clusters of audio features), and so on.
/// </summary>
internal sealed class ClusteringModel : nn.Module
{
    private readonly Dictionary<string, StreamModule> streams;

    /// <summary>Makes the model with its first weights.</summary>
    /// <param name="plan">Who learns what.</param>
    /// <exception cref="Data.UsageException">An encoder's option does not hold.</exception>
    public ClusteringModel(ClusteringPlan plan)
        : base(nameof(ClusteringModel))
    {
        streams = plan.Streams.ToDictionary(s => s.Name, s => new StreamModule(s, plan), StringComparer.Ordinal);
        foreach (var (name, stream) in streams)
        {
            register_module(name, stream);
        }
    }

    /// <summary>The encoders by name.</summary>
    public IEnumerable<KeyValuePair<string, Encoder>> Encoders => streams.Select(s => KeyValuePair.Create(s.Key, s.Value.Encoder));

    /// <summary>What all encoders' convolutions compute in.</summary>
    public Precision Precision
    {
        set
        {
            foreach (var stream in streams.Values)
            {
                stream.Encoder.Precision = value;
            }
        }
    }

    /// <summary>An encoder.</summary>
    public Encoder Encoder(string stream) => streams[stream].Encoder;

    /// <summary>Features, unclassified.</summary>
    /// <param name="stream">The encoder's name.</param>
    /// <param name="input">Its input.</param>
    /// <returns><c>[batch, channels]</c>, fp32.</returns>
    public Tensor Features(string stream, Tensor input) => streams[stream].Features(input);

    /// <summary>The scores of each cluster.</summary>
    /// <param name="stream">The encoder's name.</param>
    /// <param name="clustering">Which head.</param>
    /// <param name="features"><c>[batch, channels]</c>.</param>
    /// <returns><c>[batch, k]</c>.</returns>
    public Tensor Logits(string stream, string clustering, Tensor features) => streams[stream].Logits(clustering, features);

    /// <summary>Gives all heads new weights; the encoders keep theirs (XDC, section 3).</summary>
    /// <param name="iteration">The deep clustering iteration: each has its own.</param>
    public void ResetHeads(int iteration)
    {
        foreach (var stream in streams.Values)
        {
            stream.ResetHeads(iteration);
        }
    }

    private sealed class StreamModule : nn.Module
    {
        /// <summary>So small that every cluster is as likely as any other at first, and the loss starts at ln k.</summary>
        private const double HeadDeviation = 0.01;

        private readonly PlannedStream plan;
        private readonly Encoder encoder;
        private readonly Dictionary<string, Linear> heads;

        public StreamModule(PlannedStream stream, ClusteringPlan plan)
            : base(stream.Name)
        {
            this.plan = stream;
            encoder = EncoderRegistry.Create(stream.Encoder, stream.Seed);
            register_module(nameof(encoder), encoder);
            heads = stream.Lessons.ToDictionary(
                l => l.Clustering, l => new Linear(encoder.Channels, plan.KOf(l.Clustering), HeadDeviation, stream.Seed, Key(l.Clustering, 0)), StringComparer.Ordinal);
            foreach (var (clustering, head) in heads)
            {
                register_module("head_" + clustering, head);
            }
        }

        public Encoder Encoder => encoder;

        public Tensor Features(Tensor input)
        {
            using var scope = NewDisposeScope();
            var map = encoder.forward(input).flatten(2);
            return (plan.Pooling == GlobalPooling.Max ? map.amax([2]) : map.mean([2])).MoveToOuterDisposeScope();
        }

        public Tensor Logits(string clustering, Tensor features) => heads[clustering].forward(features);

        public void ResetHeads(int iteration)
        {
            foreach (var (clustering, head) in heads)
            {
                head.Reset(HeadDeviation, plan.Seed, Key(clustering, iteration));
            }
        }

        private string Key(string clustering, int iteration) => FormattableString.Invariant($"{plan.Name}.head_{clustering}/{iteration}");
    }
}
