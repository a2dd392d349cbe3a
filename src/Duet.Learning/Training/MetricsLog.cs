using System.Text.Json;
using System.Text.Json.Nodes;
using Duet.Data.Files;

namespace Duet.Learning.Training;

/// <summary>
/// <c>metrics.jsonl</c>: one JSON object per line (<c>kind</c>: train, validation, plan or event), and the same numbers for TensorBoard. A run
/// that goes on from a checkpoint cuts the file to what it held then, so that no step is told twice.
/// </summary>
public sealed class MetricsLog : IDisposable
{
    private const string EventStart = "{\"kind\":\"event\"";
    private readonly string path;
    private readonly IDurableFiles files = DurableFiles.Current;
    private readonly Stream stream;
    private readonly TensorBoardWriter tensorBoard;

    /// <summary>Opens the log of a run.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensorBoardFolder">The folder of the event files.</param>
    /// <param name="length">Bytes to keep: 0 for a new run, else what the checkpoint recorded.</param>
    /// <param name="nextStep">The first step that this process will report.</param>
    /// <exception cref="FileWriteException">The file can't be written.</exception>
    public MetricsLog(string path, string tensorBoardFolder, long length, long nextStep)
    {
        this.path = path;
        try
        {
            stream = files.Open(path, FileMode.OpenOrCreate);
            IsShort = stream.Length < length;
            stream.SetLength(Math.Min(length, stream.Length));
            stream.Seek(0, SeekOrigin.End);
            files.FlushFolder(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!);
        }
        catch (Exception e) when (FileWriteException.Explains(e))
        {
            stream?.Dispose();
            throw FileWriteException.For(path, e);
        }

        tensorBoard = new TensorBoardWriter(tensorBoardFolder, nextStep);
    }

    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>Whether lines are missing that the checkpoint knew of: the file was damaged or replaced. It goes on without them.</summary>
    public bool IsShort { get; }

    /// <summary>Writes a line of numbers. Those that are not finite are left out: JSON has no word for them.</summary>
    /// <param name="kind"><c>train</c>, <c>validation</c> or <c>plan</c>.</param>
    /// <param name="step">Steps taken.</param>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="values">The numbers by name.</param>
    /// <param name="stage">The method's stage, where it has one.</param>
    public void Write(string kind, long step, int epoch, IReadOnlyList<KeyValuePair<string, double>> values, string? stage = null)
    {
        ArgumentNullException.ThrowIfNull(values);
        var line = new JsonObject { ["kind"] = kind, ["step"] = step, ["epoch"] = epoch };
        var finite = values.Where(v => double.IsFinite(v.Value)).ToArray();
        foreach (var (name, value) in finite)
        {
            line[name] = value;
        }

        if (stage is not null)
        {
            line["stage"] = stage;
        }

        Append(line);
        tensorBoard.Write(step, finite.Select(v => KeyValuePair.Create($"{kind}/{v.Key}", v.Value)));
    }

    /// <summary>Writes a line of text: something that happened.</summary>
    /// <param name="step">Steps taken.</param>
    /// <param name="message">What happened.</param>
    public void Event(long step, string message) => Append(new JsonObject { ["kind"] = "event", ["step"] = step, ["message"] = message });

    /// <summary>Writes a line about a sample that could not be read.</summary>
    /// <param name="step">Steps taken.</param>
    /// <param name="pass">What it was read for.</param>
    /// <param name="video">The video's id.</param>
    /// <param name="source">The video's path.</param>
    /// <param name="reason">What failed.</param>
    /// <returns>The same in words.</returns>
    public string Unreadable(long step, string pass, string video, string source, string reason)
    {
        var message = $"unreadable sample of {source} (video {video}) while {pass}: {reason}";
        Append(new JsonObject { ["kind"] = "event", ["step"] = step, ["message"] = message, ["video"] = video, ["path"] = source, ["pass"] = pass, ["reason"] = reason });
        return message;
    }

    /// <summary>The samples that the file says could not be read, those of earlier processes included.</summary>
    /// <exception cref="FileWriteException">The file can't be read back.</exception>
    public IReadOnlyList<(string Video, string Path, string Reason)> ReadUnreadable()
    {
        try
        {
            using var file = RegularFile.OpenRead(path, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(file);
            var found = new List<(string, string, string)>();
            while (reader.ReadLine() is { } line)
            {
                if (line.StartsWith(EventStart, StringComparison.Ordinal) && Parse(line) is { } read && read["video"] is { } video && read["path"] is { } source && read["reason"] is { } reason)
                {
                    found.Add((video.ToString(), source.ToString(), reason.ToString()));
                }
            }

            return found;
        }
        catch (Exception e) when (FileWriteException.Explains(e))
        {
            throw FileWriteException.For(path, e);
        }
    }

    /// <summary>Returns when everything is on the disk.</summary>
    /// <returns>The file's length: what a checkpoint records.</returns>
    /// <exception cref="FileWriteException">The file can't be written.</exception>
    public long Flush()
    {
        try
        {
            files.FlushToDisk(stream);
            return stream.Length;
        }
        catch (Exception e) when (FileWriteException.Explains(e))
        {
            throw FileWriteException.For(path, e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        tensorBoard.Dispose();
        RunFile.Close(stream);
    }

    private static JsonObject? Parse(string line)
    {
        try
        {
            return JsonNode.Parse(line) as JsonObject;
        }
        catch (JsonException)
        {
            return null; // half a line, as a process that was killed leaves it
        }
    }

    private void Append(JsonObject line)
    {
        try
        {
            stream.Write(JsonSerializer.SerializeToUtf8Bytes(line, RunJson.Line));
            stream.WriteByte((byte)'\n');
            stream.Flush(); // to the system, so that a reader sees whole lines while the run goes on
        }
        catch (Exception e) when (FileWriteException.Explains(e))
        {
            throw FileWriteException.For(path, e);
        }
    }
}
