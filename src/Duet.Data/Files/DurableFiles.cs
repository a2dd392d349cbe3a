using System.Runtime.InteropServices;

namespace Duet.Data.Files;

/// <summary>The operating system's files.</summary>
public sealed partial class DurableFiles : IDurableFiles
{
    private static readonly AsyncLocal<IDurableFiles?> Replaced = new();

    private DurableFiles()
    {
    }

    /// <summary>The one instance: it has no state.</summary>
    public static DurableFiles Instance { get; } = new();

    /// <summary>What durable files are written through: the operating system's, but for a test that put others in their place.</summary>
    public static IDurableFiles Current => Replaced.Value ?? Instance;

    /// <summary>Makes a folder and those above it; each one's name is on the disk when this returns.</summary>
    /// <param name="path">The folder; one that exists is no error.</param>
    public static void MakeFolder(string path)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Directory.Exists(path))
        {
            return;
        }

        var parent = Path.GetDirectoryName(path);
        if (parent is not null)
        {
            MakeFolder(parent);
        }

        Directory.CreateDirectory(path);
        if (parent is not null)
        {
            Current.FlushFolder(parent);
        }
    }

    /// <summary>Lets this flow of execution, and what it starts, write through other files: for tests.</summary>
    /// <param name="files">The others.</param>
    /// <returns>Ends it when disposed of.</returns>
    internal static IDisposable Replace(IDurableFiles files)
    {
        var before = Replaced.Value;
        Replaced.Value = files;
        return new Restoring(before);
    }

    /// <inheritdoc/>
    public Stream Open(string path, FileMode mode) => RegularFile.OpenOwn(path, mode, FileShare.Read, bufferSize: 1 << 16);

    /// <inheritdoc/>
    public void FlushToDisk(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (stream is not FileStream file)
        {
            throw new ArgumentException("Only a stream that these files opened can be flushed to the disk.", nameof(stream));
        }

        file.Flush(flushToDisk: true);
    }

    /// <inheritdoc/>
    public void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    /// <inheritdoc/>
    public void FlushFolder(string folder)
    {
        // .NET has no fsync for folders. Windows has neither the call nor the need: NTFS journals its names.
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = OpenReadOnly(folder, 0);
        if (descriptor < 0)
        {
            throw Error(folder);
        }

        try
        {
            // Some file systems (overlays, network) can't sync a folder and say so; they give no stronger promise.
            if (Fsync(descriptor) != 0 && Marshal.GetLastPInvokeError() is not (InvalidArgument or NotSupported))
            {
                throw Error(folder);
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <inheritdoc/>
    public void Delete(string path) => File.Delete(path);

    private const int InvalidArgument = 22;
    private const int NotSupported = 95;

    private sealed class Restoring(IDurableFiles? before) : IDisposable
    {
        public void Dispose() => Replaced.Value = before;
    }

    private static IOException Error(string path)
    {
        var code = Marshal.GetLastPInvokeError();
        return new IOException($"{Marshal.GetPInvokeErrorMessage(code)}: '{path}'", code);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int OpenReadOnly(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);
}
