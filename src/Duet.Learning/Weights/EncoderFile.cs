using Duet.Data.Files;
using Duet.Learning.Models;
using static TorchSharp.torch;

namespace Duet.Learning.Weights;

/// <summary>An encoder in one file: its weights as safetensors, and in the metadata the card that says how to feed it.</summary>
public static class EncoderFile
{
    private const string CardKey = "duet.card";
    private const int MostListed = 8;

    /// <summary>Writes an encoder.</summary>
    /// <param name="path">Where; a file there is replaced.</param>
    /// <param name="encoder">The encoder.</param>
    /// <param name="card">Its card.</param>
    /// <exception cref="ArgumentException">The card is another encoder's.</exception>
    /// <exception cref="WeightsException">The card does not fit together.</exception>
    /// <exception cref="FileWriteException">The file can't be written; an old one is untouched.</exception>
    public static void Save(string path, Encoder encoder, PreprocessingCard card)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        ArgumentNullException.ThrowIfNull(card);
        if (card.Encoder != encoder.Options || !card.Layers.SequenceEqual(encoder.Layers))
        {
            throw new ArgumentException($"the card describes {card.Encoder}, the encoder is {encoder.Options}", nameof(card));
        }

        var metadata = new Dictionary<string, string>(StringComparer.Ordinal) { ["format"] = "pt", [CardKey] = card.Checked(path).ToJson() };
        SafeTensors.Write(path, encoder.state_dict(), metadata);
    }

    /// <summary>Reads an encoder. Its tensors must be the network's, all of them and no others.</summary>
    /// <param name="path">A file that <see cref="Save"/> wrote.</param>
    /// <returns>The encoder, on the CPU, in evaluation mode, and its card. The caller disposes of the encoder.</returns>
    /// <exception cref="WeightsException">The file can't be read, is no encoder's, or its tensors are not the network's: the message lists them.</exception>
    public static (Encoder Encoder, PreprocessingCard Card) Load(string path)
    {
        var header = SafeTensors.ReadHeader(path);
        if (!header.Metadata.TryGetValue(CardKey, out var json))
        {
            throw new WeightsException($"'{path}' holds tensors but no preprocessing card: it is not an encoder that Duet saved.");
        }

        var card = PreprocessingCard.FromJson(json, path);
        var needed = NetworkCost.Weights(card.Encoder);
        var held = header.Tensors.Sum(t => t.Shape.Aggregate(1L, (a, b) => a * b));
        if (needed > (16 * held) + (1 << 20))
        {
            // Before it is built: a line of JSON may name a network of gigabytes. Where little is missing, what is missing is told below.
            throw new WeightsException($"'{path}' holds {held} numbers, and the {card.Encoder.Name} of its preprocessing card has {needed} and more. The file was changed, or is of another version of Duet.");
        }

        var encoder = EncoderRegistry.CreateUninitialised(card.Encoder);
        try
        {
            if (!card.Layers.SequenceEqual(encoder.Layers))
            {
                throw new WeightsException($"The preprocessing card of '{path}' lists other layers than {encoder.Architecture} has: use the version of Duet that wrote it.");
            }

            var state = encoder.state_dict();
            CheckTensors(path, encoder.Architecture, header, state);
            using var file = SafeTensors.Read(path);
            using var gradientless = no_grad();
            using var scope = NewDisposeScope();
            foreach (var (name, target) in state)
            {
                target.copy_(file.Tensors[name]);
            }

            encoder.eval();
            return (encoder, card);
        }
        catch
        {
            encoder.Dispose();
            throw;
        }
    }

    private static void CheckTensors(string path, string architecture, SafeTensorsHeader header, IReadOnlyDictionary<string, Tensor> state)
    {
        var saved = header.Tensors.ToDictionary(t => t.Name, StringComparer.Ordinal);
        var problems = new List<string>();
        List("missing", state.Keys.Where(name => !saved.ContainsKey(name)));
        List("unknown", saved.Keys.Where(name => !state.ContainsKey(name)));
        List(
            "of another shape or type",
            state.Where(t => saved.TryGetValue(t.Key, out var s) && (s.Type != t.Value.dtype || !s.Shape.SequenceEqual(t.Value.shape)))
                .Select(t => $"{t.Key} ({ElementTypes.Name(saved[t.Key].Type)} [{string.Join(", ", saved[t.Key].Shape)}], not {ElementTypes.Name(t.Value.dtype)} [{string.Join(", ", t.Value.shape)}])"));
        if (problems.Count > 0)
        {
            throw new WeightsException($"The tensors of '{path}' are not those of its {architecture}: {string.Join("; ", problems)}. The file was changed, or is of another version of Duet.");
        }

        void List(string what, IEnumerable<string> names)
        {
            var all = names.ToList();
            if (all.Count > 0)
            {
                problems.Add($"{what}: {string.Join(", ", all.Take(MostListed))}{(all.Count > MostListed ? $" and {all.Count - MostListed} more" : string.Empty)}");
            }
        }
    }
}
