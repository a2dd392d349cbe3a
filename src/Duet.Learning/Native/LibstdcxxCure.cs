using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Duet.Learning.Native;

/// <summary>
/// TorchSharp's native library asks for symbol version GLIBCXX_3.4.32 (GCC 13), which Debian 12 and Ubuntu 22.04 lack, though
/// it uses no symbol of it: the one it names has no relocation. Marking that one version need as weak in the copied file makes
/// the loader accept it. Systems that have the version are left alone, and so is the package folder: the copy is replaced by
/// rename, which also detaches it where it was a hard link.
/// </summary>
internal static class LibstdcxxCure
{
    /// <summary>The library that is cured.</summary>
    public const string FileName = "libLibTorchSharp.so";

    private const string Library = "libstdc++.so.6";
    private const string Version = "GLIBCXX_3.4.32";

    /// <summary>Makes the copied library loadable where it is not.</summary>
    /// <param name="directory">The program's folder, which holds the copy.</param>
    /// <returns>What was found and done, for <c>duet doctor</c>.</returns>
    /// <exception cref="TorchUnavailableException">The copy is damaged, or can't be read or replaced.</exception>
    public static string Apply(string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (!OperatingSystem.IsLinux() || !File.Exists(path))
        {
            return "not needed on this system";
        }

        try
        {
            return Cure(path);
        }
        catch (Exception e) when (e is InvalidDataException or OverflowException)
        {
            throw new TorchUnavailableException($"{path} is damaged: {e.Message.TrimEnd('.')}. Delete the build's output and build Duet again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TorchUnavailableException($"{path} can't be read: {e.Message.TrimEnd('.')}. Give yourself the right to read it, or build Duet again.", e);
        }
    }

    private static string Cure(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var need = ElfImage.Parse(bytes).NeededVersions().FirstOrDefault(n => n.Library == Library && n.Version == Version);
        if (need.Version is null)
        {
            return $"{FileName} does not ask for {Version}";
        }

        if ((need.Flags & ElfImage.WeakFlag) != 0)
        {
            return $"{FileName} accepts a {Library} without {Version} (cured earlier)";
        }

        if (SystemDefinesVersion())
        {
            return $"{Library} has {Version}";
        }

        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(need.FlagsOffset, 2), (ushort)(need.Flags | ElfImage.WeakFlag));
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            File.WriteAllBytes(temporary, bytes);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TorchUnavailableException(
                $"{path} needs {Version} of {Library}, which this system lacks, and can't be mended because its folder is not writable: run Duet once as the user who installed it, or install GCC 13's libstdc++6.",
                e);
        }
        finally
        {
            if (File.Exists(temporary))
            {
                File.Delete(temporary); // the write or the rename failed
            }
        }

        return $"{FileName} was made to accept a {Library} without {Version}, of which it uses nothing";
    }

    private static bool SystemDefinesVersion()
    {
        // The loader knows where the library is; where it was mapped from is then read off the process's map.
        if (!NativeLibrary.TryLoad(Library, out _))
        {
            return false;
        }

        var mapped = File.ReadLines("/proc/self/maps")
            .Select(line => line.IndexOf('/', StringComparison.Ordinal) is var at and >= 0 ? line[at..] : string.Empty)
            .FirstOrDefault(p => Path.GetFileName(p).StartsWith("libstdc++.so", StringComparison.Ordinal));
        return mapped is not null && ElfImage.Parse(File.ReadAllBytes(mapped)).DefinedVersions().Contains(Version, StringComparer.Ordinal);
    }
}
