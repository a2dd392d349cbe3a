using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Duet.Data.Native;

/// <summary>
/// What .NET does not say of files on Linux: whether a name leads to a file at all (a named pipe must not be opened: that waits for somebody to write into it), and
/// names as the bytes that they are. Elsewhere there is no answer, and .NET's is taken.
/// </summary>
internal static unsafe partial class UnixFiles
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const uint TypeSizeAndTime = 0x1 | 0x40 | 0x200; // STATX_TYPE, STATX_MTIME, STATX_SIZE
    private const int StatusBytes = 256; // struct statx: the kernel's own layout, the same for every processor
    private const int ModeAt = 28;
    private const int SizeAt = 40;
    private const int ModifiedAt = 112;
    private const int NameAt = 19; // struct dirent of 64-bit Linux
    private const int NotThere = 2;
    private const int NoPermission = 13;
    private const int NoFolder = 20;
    private const int Loop = 40;

    /// <summary>Whether these calls exist here.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux() && Environment.Is64BitProcess && BitConverter.IsLittleEndian;

    /// <summary>Asks for a file; links are followed.</summary>
    /// <param name="path">Its path.</param>
    /// <returns>What it is, in words, where it is no file that can be read from its beginning to its end; its bytes; its last change, in 100 ns since the year 1, UTC.</returns>
    /// <exception cref="IOException">It is not there, may not be asked for, or is a link that leads back to itself.</exception>
    /// <exception cref="UnauthorizedAccessException">Permissions.</exception>
    public static (string? Special, long Size, long Modified) Status(string path)
    {
        Span<byte> status = stackalloc byte[StatusBytes];
        status.Clear();
        fixed (byte* buffer = status)
        {
            if (Statx(CurrentFolder, path, 0, TypeSizeAndTime, buffer) != 0)
            {
                throw Error(Marshal.GetLastPInvokeError(), path);
            }
        }

        var special = (BinaryPrimitives.ReadUInt16LittleEndian(status[ModeAt..]) & 0xF000) switch
        {
            0x8000 => null,
            0x1000 => "a named pipe",
            0x2000 or 0x6000 => "a device",
            0x4000 => "a folder",
            0xC000 => "a socket",
            _ => "something",
        };
        var seconds = BinaryPrimitives.ReadInt64LittleEndian(status[ModifiedAt..]);
        var nanoseconds = BinaryPrimitives.ReadUInt32LittleEndian(status[(ModifiedAt + 8)..]);
        return (special, BinaryPrimitives.ReadInt64LittleEndian(status[SizeAt..]), DateTime.UnixEpoch.Ticks + (seconds * TimeSpan.TicksPerSecond) + (nanoseconds / 100));
    }

    /// <summary>The names in a folder, as bytes, without the folder itself and the one above it; in no order.</summary>
    /// <param name="folder">Its path.</param>
    /// <exception cref="IOException">It can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Permissions.</exception>
    public static IReadOnlyList<byte[]> Names(string folder)
    {
        var names = new List<byte[]>();
        var stream = OpenFolder(folder);
        if (stream == 0)
        {
            throw Error(Marshal.GetLastPInvokeError(), folder);
        }

        try
        {
            while (true)
            {
                Marshal.SetLastSystemError(0);
                var entry = ReadFolder(stream);
                if (entry == 0)
                {
                    return Marshal.GetLastPInvokeError() is 0 ? names : throw Error(Marshal.GetLastPInvokeError(), folder);
                }

                var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated((byte*)entry + NameAt);
                if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                {
                    names.Add(name.ToArray());
                }
            }
        }
        finally
        {
            _ = CloseFolder(stream);
        }
    }

    private static Exception Error(int code, string path) => code switch
    {
        NotThere or NoFolder => new FileNotFoundException("it is not there", path),
        NoPermission => new UnauthorizedAccessException($"permission denied: '{path}'"),
        Loop => new IOException("it is a link that leads back to itself", code),
        _ => new IOException(Marshal.GetPInvokeErrorMessage(code), code),
    };

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Statx(int folder, string path, int flags, uint mask, byte* status);

    [LibraryImport("libc", EntryPoint = "opendir", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint OpenFolder(string path);

    [LibraryImport("libc", EntryPoint = "readdir", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint ReadFolder(nint stream);

    [LibraryImport("libc", EntryPoint = "closedir", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int CloseFolder(nint stream);
}
