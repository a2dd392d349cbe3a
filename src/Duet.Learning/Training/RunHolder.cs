using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Duet.Data.Files;

namespace Duet.Learning.Training;

/// <summary>Who works in a run's folder: <c>run.pid</c>.</summary>
/// <param name="Host">The machine's name.</param>
/// <param name="Pid">The process's number there.</param>
/// <param name="Since">Since when.</param>
internal sealed record RunHolder(string Host, int Pid, DateTimeOffset Since)
{
    private const int LongestText = 4096; // bytes

    /// <summary>This process, from now on.</summary>
    public static RunHolder Now() => new(Environment.MachineName, Environment.ProcessId, TimeProvider.System.GetUtcNow());

    /// <summary>Reads what a process wrote.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Null where there is none, or it can't be read: it may be just about to be written, or the machine went down then.</returns>
    public static RunHolder? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<RunHolder>(RegularFile.ReadAllText(path, LongestText), RunJson.Line) is { Host: not null } holder ? holder : null;
        }
        catch (Exception e) when (e is JsonException || FileWriteException.Explains(e))
        {
            return null;
        }
    }

    /// <summary>Writes it.</summary>
    /// <param name="path">The file.</param>
    public void Write(string path) => RegularFile.Replace(path, JsonSerializer.Serialize(this, RunJson.Line) + "\n");

    /// <summary>Whether it is of this machine.</summary>
    [JsonIgnore]
    public bool IsHere => string.Equals(Host, Environment.MachineName, StringComparison.Ordinal);

    /// <summary>Whether the process may still be at work, as far as this machine can tell.</summary>
    public bool MayLive()
    {
        if (!IsHere)
        {
            return true; // nobody here can know
        }

        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(Pid);
            return !IsZombie() && process.StartTime.ToUniversalTime() <= Since.UtcDateTime.AddSeconds(1); // a number that was given out again is another process
        }
        catch (ArgumentException)
        {
            return false; // there is none
        }
        catch (InvalidOperationException)
        {
            return false; // it has just ended
        }
    }

    /// <summary>Whether it has ended, and nobody has asked how: in a container nobody may ever.</summary>
    private bool IsZombie()
    {
        try
        {
            var stat = OperatingSystem.IsLinux() ? File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{Pid}/stat")) : "";
            return stat[(stat.LastIndexOf(')') + 1)..].TrimStart() is ['Z' or 'X', ..];
        }
        catch (Exception e) when (FileWriteException.Explains(e))
        {
            return false; // it ended meanwhile, and is not found by its number
        }
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"pid {Pid} on {Host}, since {Since.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC");
}
