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
    private readonly string holderFile;

    private RunLock(FileStream stream, string holderFile, RunHolder? before)
    {
        this.stream = stream;
        this.holderFile = holderFile;
        TakenOver = before is null ? null : $"the process that worked here before ({before}) ended without saving: it was killed, or its machine went down";
    }

    /// <summary>That an earlier process left without closing the run, and which; null where none did.</summary>
    public string? TakenOver { get; }

    /// <summary>Takes the lock of a run's folder.</summary>
    /// <param name="run">The folder, made where it is missing.</param>
    /// <exception cref="UsageException">Another process holds it.</exception>
    /// <exception cref="FileWriteException">The folder can't be written.</exception>
    public static RunLock Take(RunFolder run)
    {
        ArgumentNullException.ThrowIfNull(run);
        var path = Path.Combine(run.Path, "run.lock");
        var holder = Path.Combine(run.Path, "run.pid");
        FileStream? opened = null;
        try
        {
            DurableFiles.MakeFolder(run.Path);
            opened = Open(path);
            var before = RunHolder.Read(holder);
            if (before is { IsHere: true } && before.MayLive())
            {
                throw new UsageException($"Another process ({before}) is working in '{run.Path}', though its lock, '{path}', was removed. Wait for it, stop it, or choose another folder.");
            }

            if (before?.MayLive() == true && !Locks(path))
            {
                throw new UsageException(
                    $"Another process ({before}) may be working in '{run.Path}', and this file system keeps no locks. If it has ended, remove '{holder}' and run the command again; if not, wait for it or choose another folder.");
            }

            RunHolder.Now().Write(holder);
            return new RunLock(opened, holder, before);
        }
        catch (IOException e) when (IsHeld(e))
        {
            throw new UsageException($"Another process ({RunHolder.Read(holder)?.ToString() ?? "it has not yet said which"}) is working in '{run.Path}'. Wait for it, stop it, or choose another folder.", e);
        }
        catch (Exception e)
        {
            opened?.Dispose();
            if (FileWriteException.Explains(e))
            {
                throw FileWriteException.For(path, e);
            }

            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            File.Delete(holderFile);
        }
        catch (Exception e) when (FileWriteException.Explains(e))
        {
            // The disk is full, read-only or gone: what the run stopped for is said already, and the next one takes over.
        }

        stream.Dispose();
    }

    private static FileStream Open(string path) => RegularFile.OpenOwn(path, FileMode.OpenOrCreate, FileShare.None, bufferSize: 1);

    /// <summary>Whether the lock that is held keeps out a second opening: some network file systems only pretend.</summary>
    private static bool Locks(string path)
    {
        try
        {
            Open(path).Dispose();
            return false;
        }
        catch (IOException e) when (IsHeld(e))
        {
            return true;
        }
    }

    /// <summary>EWOULDBLOCK on Linux and macOS, a sharing violation on Windows.</summary>
    private static bool IsHeld(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020);
}
