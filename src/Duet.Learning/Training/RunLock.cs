using System.Globalization;
using System.Text;
using Duet.Data;
using Duet.Data.Files;

namespace Duet.Learning.Training;

/// <summary>
/// Keeps a second process out of a run's folder. The lock is the system's, on an open file, so it ends with the process however
/// that ends; the file's text only says who holds it.
/// </summary>
public sealed class RunLock : IDisposable
{
    private readonly FileStream stream;

    private RunLock(FileStream stream) => this.stream = stream;

    /// <summary>Takes the lock of a run's folder.</summary>
    /// <param name="run">The folder, made where it is missing.</param>
    /// <exception cref="UsageException">Another process holds it.</exception>
    /// <exception cref="FileWriteException">The folder can't be written.</exception>
    public static RunLock Take(RunFolder run)
    {
        ArgumentNullException.ThrowIfNull(run);
        var path = Path.Combine(run.Path, "run.lock");
        try
        {
            Directory.CreateDirectory(run.Path);
            var opened = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
            opened.SetLength(0);
            opened.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}\n")));
            opened.Flush();
            return new RunLock(opened);
        }
        catch (IOException e) when (IsHeld(e))
        {
            throw new UsageException($"Another process ({Holder(path)}) is working in '{run.Path}'. Wait for it, stop it, or choose another --run folder.", e);
        }
        catch (Exception e) when (FileWriteException.Explains(e))
        {
            throw FileWriteException.For(path, e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    /// <summary>EWOULDBLOCK on Linux and macOS, a sharing violation on Windows.</summary>
    private static bool IsHeld(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020);

    private static string Holder(string path)
    {
        try
        {
            using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return int.TryParse(reader.ReadLine(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? $"pid {pid}" : "pid unknown";
        }
        catch (IOException)
        {
            return "pid unknown"; // the other process may be just about to write it
        }
    }
}
