using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using Duet.Data.Files;
using Google.Protobuf;

namespace Duet.Learning.Training;

/// <summary>
/// Writes scalars as TensorBoard reads them: a file of length-prefixed records, each with masked CRC-32C sums, that hold
/// TensorFlow's <c>Event</c> message (event.proto: 1 wall_time, 2 step, 3 file_version, 5 summary, 7 session_log; summary.proto: 1 value
/// with 1 tag and 2 simple_value).
/// </summary>
public sealed class TensorBoardWriter : IDisposable
{
    /// <summary>What most messages take: one is made per number, and the library's own buffer is 4 KB.</summary>
    private const int MessageBytes = 128;

    private readonly string path;
    private readonly Stream stream;
    private readonly TimeProvider time;

    /// <summary>Starts a new event file in a folder.</summary>
    /// <param name="folder">The folder; made where it is missing.</param>
    /// <param name="firstStep">Earlier files' events from this step on are void: the run goes on from a checkpoint before them.</param>
    /// <param name="time">The clock; the system's by default.</param>
    /// <exception cref="FileWriteException">The file can't be written.</exception>
    public TensorBoardWriter(string folder, long firstStep, TimeProvider? time = null)
    {
        this.time = time ?? TimeProvider.System;
        var now = this.time.GetUtcNow();
        path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{now.ToUnixTimeSeconds():0000000000}.{now.Ticks % TimeSpan.TicksPerSecond:0000000}.duet"));
        try
        {
            Directory.CreateDirectory(folder);
            stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
        }
        catch (Exception e) when (FileWriteException.Explains(e))
        {
            throw FileWriteException.For(path, e);
        }

        WriteEvent(0, output =>
        {
            output.WriteTag(3, WireFormat.WireType.LengthDelimited);
            output.WriteString("brain.Event:2");
        });
        if (firstStep > 0)
        {
            WriteEvent(firstStep, output => WriteMessage(output, 7, session =>
            {
                session.WriteTag(1, WireFormat.WireType.Varint);
                session.WriteEnum(1); // START: TensorBoard drops what earlier files say about this step and later ones
            }));
        }
    }

    /// <summary>Writes one step's scalars.</summary>
    /// <param name="step">The step.</param>
    /// <param name="scalars">Tags and values, such as <c>train/loss</c>.</param>
    /// <exception cref="FileWriteException">The file can't be written.</exception>
    public void Write(long step, IEnumerable<KeyValuePair<string, double>> scalars)
    {
        ArgumentNullException.ThrowIfNull(scalars);
        WriteEvent(step, output => WriteMessage(output, 5, summary =>
        {
            foreach (var (tag, value) in scalars)
            {
                WriteMessage(summary, 1, scalar =>
                {
                    scalar.WriteTag(1, WireFormat.WireType.LengthDelimited);
                    scalar.WriteString(tag);
                    scalar.WriteTag(2, WireFormat.WireType.Fixed32);
                    scalar.WriteFloat((float)value);
                });
            }
        }));
    }

    /// <inheritdoc/>
    public void Dispose() => RunFile.Close(stream);

    /// <summary>CRC-32C as TensorFlow masks it, so that a sum over data that holds sums stays meaningful.</summary>
    internal static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var b in data)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        crc = ~crc;
        return uint.RotateRight(crc, 15) + 0xA282EAD8;
    }

    private static void WriteMessage(CodedOutputStream output, int field, Action<CodedOutputStream> write)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(Encode(write)));
    }

    private static byte[] Encode(Action<CodedOutputStream> write)
    {
        using var buffer = new MemoryStream();
        using (var output = new CodedOutputStream(buffer, MessageBytes, leaveOpen: true))
        {
            write(output);
        }

        return buffer.ToArray();
    }

    private void WriteEvent(long step, Action<CodedOutputStream> write)
    {
        var data = Encode(output =>
        {
            output.WriteTag(1, WireFormat.WireType.Fixed64);
            output.WriteDouble((time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds);
            output.WriteTag(2, WireFormat.WireType.Varint);
            output.WriteInt64(step);
            write(output);
        });
        Span<byte> header = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], MaskedCrc(header[..8]));
        Span<byte> footer = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(footer, MaskedCrc(data));
        try
        {
            stream.Write(header);
            stream.Write(data);
            stream.Write(footer);
            stream.Flush();
        }
        catch (Exception e) when (FileWriteException.Explains(e))
        {
            throw FileWriteException.For(path, e);
        }
    }
}
