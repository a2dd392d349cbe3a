using System.Globalization;
using Duet.Data;
using Duet.Data.Files;

namespace Duet.Learning.Training;

/// <summary>
/// Keeps a second process out of a run's folder. The lock is the system's, on an open file, so it ends with the process however that ends.
/// Who holds it stands in a second file, because .NET can't read one that is locked.
/// </summary>
public sealed class RunLock : IDisposable
{
    private readonly FileStream stream;
    private readonly string pidFile;

    private RunLock(FileStream stream, string pidFile)
    {
        this.stream = stream;
        this.pidFile = pidFile;
    }

    /// <summary>Takes the lock of a run's folder.</summary>
    /// <param name="run">The folder, made where it is missing.</param>
    /// <exception cref="UsageException">Another process holds it.</exception>
    /// <exception cref="FileWriteException">The folder can't be written.</exception>
    public static RunLock Take(RunFolder run)
    {
        ArgumentNullException.ThrowIfNull(run);
        var path = Path.Combine(run.Path, "run.lock");
        var holder = Path.Combine(run.Path, "run.pid");
        try
        {
            Directory.CreateDirectory(run.Path);
            var opened = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
            File.WriteAllText(holder, string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}\n"));
            return new RunLock(opened, holder);
        }
        catch (IOException e) when (IsHeld(e))
        {
            throw new UsageException($"Another process (pid {Holder(holder)}) is working in '{run.Path}'. Wait for it, stop it, or choose another --run folder.", e);
        }
        catch (Exception e) when (FileWriteException.Explains(e))
        {
            throw FileWriteException.For(path, e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        File.Delete(pidFile);
        stream.Dispose();
    }

    /// <summary>EWOULDBLOCK on Linux and macOS, a sharing violation on Windows.</summary>
    private static bool IsHeld(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020);

    private static string Holder(string path)
    {
        try
        {
            return int.TryParse(File.ReadAllText(path), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var pid) ? pid.ToString(CultureInfo.InvariantCulture) : "unknown";
        }
        catch (IOException)
        {
            return "unknown"; // it may be just about to write it
        }
    }
}
