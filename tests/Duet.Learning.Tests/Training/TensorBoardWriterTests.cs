using System.Buffers.Binary;
using Duet.Learning.Training;
using Google.Protobuf;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Training;

/// <summary>Event files read back by a parser of their own, down to the sums; the sum against a bitwise one and published values.</summary>
public sealed class TensorBoardWriterTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("duet-events-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Scalars_read_back()
    {
        using (var writer = new TensorBoardWriter(folder, firstStep: 0))
        {
            writer.Write(10, [new("train/loss", 0.25), new("train/learning_rate", 0.01)]);
            writer.Write(5_000_000_000, [new("train/loss", -1.5)]);
        }

        var events = Events();
        events.Count.ShouldBe(3);
        events[0].Version.ShouldBe("brain.Event:2");
        events[1].Step.ShouldBe(10);
        events[1].Scalars.ShouldBe([("train/loss", 0.25f), ("train/learning_rate", 0.01f)]);
        events[2].Step.ShouldBe(5_000_000_000);
        events[2].Scalars.ShouldBe([("train/loss", -1.5f)]);
        events.ShouldAllBe(e => e.WallTime > 1.7e9);
    }

    [Fact]
    public void A_resumed_run_voids_what_came_after_its_checkpoint()
    {
        using (var writer = new TensorBoardWriter(folder, firstStep: 120))
        {
            writer.Write(121, [new("train/loss", 1)]);
        }

        var events = Events();
        events[1].SessionStart.ShouldBeTrue();
        events[1].Step.ShouldBe(120);
    }

    [Fact]
    public void The_sum_is_masked_crc32c()
    {
        Unmask(TensorBoardWriter.MaskedCrc("123456789"u8)).ShouldBe(0xE3069283u); // the check value of CRC-32C
        Unmask(TensorBoardWriter.MaskedCrc(new byte[32])).ShouldBe(0x8A9136AAu); // RFC 3720, B.4
    }

    private static uint Unmask(uint masked) => uint.RotateLeft(masked - 0xA282EAD8, 15);

    private List<Event> Events()
    {
        var bytes = File.ReadAllBytes(Directory.GetFiles(folder).ShouldHaveSingleItem());
        Path.GetFileName(Directory.GetFiles(folder)[0]).ShouldContain("tfevents");
        List<Event> events = [];
        for (var at = 0; at < bytes.Length;)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
            Unmask(BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 8))).ShouldBe(Bitwise(bytes.AsSpan(at, 8)));
            var data = bytes.AsSpan(at + 12, length);
            Unmask(BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 12 + length))).ShouldBe(Bitwise(data));
            events.Add(Parse(data.ToArray()));
            at += 16 + length;
        }

        return events;
    }

    private static uint Bitwise(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var b in data)
        {
            crc ^= b;
            for (var i = 0; i < 8; i++)
            {
                crc = (crc >> 1) ^ ((crc & 1) == 0 ? 0 : 0x82F63B78u);
            }
        }

        return ~crc;
    }

    private static Event Parse(byte[] data)
    {
        var parsed = new Event();
        var input = new CodedInputStream(data);
        while (input.ReadTag() is var tag and not 0)
        {
            switch (tag >> 3)
            {
                case 1:
                    parsed.WallTime = input.ReadDouble();
                    break;
                case 2:
                    parsed.Step = input.ReadInt64();
                    break;
                case 3:
                    parsed.Version = input.ReadString();
                    break;
                case 5:
                    var summary = input.ReadBytes().CreateCodedInput();
                    while (summary.ReadTag() != 0)
                    {
                        parsed.Scalars.Add(Scalar(summary.ReadBytes().CreateCodedInput()));
                    }

                    break;
                case 7:
                    var session = input.ReadBytes().CreateCodedInput();
                    session.ReadTag();
                    parsed.SessionStart = session.ReadEnum() == 1;
                    break;
                default:
                    throw new InvalidDataException($"field {tag >> 3}");
            }
        }

        return parsed;
    }

    private static (string, float) Scalar(CodedInputStream value)
    {
        value.ReadTag();
        var name = value.ReadString();
        value.ReadTag();
        return (name, value.ReadFloat());
    }

    private sealed class Event
    {
        public double WallTime { get; set; }

        public long Step { get; set; }

        public string? Version { get; set; }

        public bool SessionStart { get; set; }

        public List<(string, float)> Scalars { get; } = [];
    }
}
