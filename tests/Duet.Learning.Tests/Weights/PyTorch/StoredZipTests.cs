using System.IO.Compression;
using System.Text;
using Duet.Learning.Weights;
using Duet.Learning.Weights.PyTorch;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Weights.PyTorch;

public sealed class StoredZipTests
{
    private static readonly byte[] Pickle = PickleBytes.OneTensor([4], [1], 4);
    private static readonly byte[] Whole = Checkpoints.Zip(Pickle, ("data/0", new byte[16]));

    [Fact]
    public void What_is_written_other_programs_read()
    {
        using var archive = new ZipArchive(new MemoryStream(Whole));
        archive.Entries.Select(e => e.FullName).ShouldBe(["archive/data.pkl", "archive/data/0", "archive/version"]);
        foreach (var entry in archive.Entries)
        {
            using var content = entry.Open();
            using var copy = new MemoryStream();
            content.CopyTo(copy);
            Crc32.Of(copy.ToArray()).ShouldBe(entry.Crc32);
        }

        using var stream = new MemoryStream(Whole);
        StoredZip.Read(stream, "x").ShouldAllBe(e => e.Start % 64 == 0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(1000)]
    public void The_checksum_is_zips(int length)
    {
        var bytes = Enumerable.Range(0, length).Select(i => (byte)((i * 131) ^ (i >> 3))).ToArray();
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var entry = archive.CreateEntry("x", CompressionLevel.NoCompression).Open();
            entry.Write(bytes);
        }

        using var read = new ZipArchive(stream);
        Crc32.Of(bytes).ShouldBe(read.Entries[0].Crc32);
        Crc32.Of(bytes.AsSpan(length / 3), Crc32.Of(bytes.AsSpan(0, length / 3))).ShouldBe(read.Entries[0].Crc32);
    }

    [Fact]
    public void A_compressed_file_is_refused_however_small_it_says_it_is()
    {
        // A megabyte of zeros in a thousand bytes: what a zip bomb is made of.
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var entry = archive.CreateEntry("archive/data.pkl").Open();
            entry.Write(new byte[1 << 20]);
        }

        stream.Length.ShouldBeLessThan(2000);
        Refusal(stream.ToArray()).ShouldContain("'archive/data.pkl' in its archive is compressed");
    }

    [Theory]
    [InlineData("../data.pkl")]
    [InlineData("archive/../../x")]
    [InlineData("/etc/passwd")]
    [InlineData("archive//x")]
    [InlineData("archive/./x")]
    [InlineData("archive/")]
    [InlineData("archive\\x")]
    [InlineData("C:x")]
    [InlineData("archive/x\u0000y")]
    [InlineData("archive/x\ny")]
    public void Names_that_lead_elsewhere_are_refused(string name) => Refusal(Archive((name, [1]))).ShouldContain("leads elsewhere");

    [Fact]
    public void Two_files_of_one_name_and_two_folders_are_refused()
    {
        Refusal(Archive(("a/data.pkl", Pickle), ("a/data.pkl", Pickle))).ShouldContain("twice");
        Refusal(Archive(("a/data.pkl", Pickle), ("b/data.pkl", Pickle))).ShouldContain("one folder");
        Refusal(Archive(("a/x", Pickle))).ShouldContain("no data.pkl");
        Refusal(Archive()).ShouldContain("no data.pkl");
        Refusal(Archive(("a/data.pkl", Pickle), ("a/constants.pkl", [1]))).ShouldContain("TorchScript");
    }

    [Fact]
    public void Lies_in_the_headers_are_found()
    {
        var directory = Checkpoints.Find(Whole, "PK\u0001\u0002"u8);
        var second = Checkpoints.Find(Whole, "PK\u0001\u0002"u8, 1);
        var end = Checkpoints.Find(Whole, "PK\u0005\u0006"u8);
        Refusal(Checkpoints.Patched(Whole, directory + 8, 1)).ShouldContain("encrypted");
        Refusal(Checkpoints.Patched(Whole, directory + 10, 8)).ShouldContain("compressed");
        Refusal(Checkpoints.Patched(Whole, directory + 20, 1)).ShouldContain("two sizes");
        Refusal(Checkpoints.Patched(Whole, directory + 16, 1, 2, 3, 4)).ShouldContain("checksum of 'archive/data.pkl'");
        Refusal(Checkpoints.Patched(Whole, second + 42, Whole[(directory + 42)..(directory + 46)])).ShouldContain("overlaps");
        Refusal(Checkpoints.Patched(Whole, second + 42, 0xff, 0xff, 0xff, 0x7f)).ShouldContain("overlaps");
        Refusal(Checkpoints.Patched(Whole, 3, 5)).ShouldContain("two ways");
        Refusal(Checkpoints.Patched(Whole, 6, 1)).ShouldContain("two ways");
        Refusal(Checkpoints.Patched(Whole, 8, 8)).ShouldContain("two ways");
        Refusal(Checkpoints.Patched(Whole, 26, 1)).ShouldContain("two ways");
        Refusal(Checkpoints.Patched(Whole, 30, (byte)'b')).ShouldContain("two ways");
        Refusal(Checkpoints.Patched(Whole, end + 8, 0xff, 0x7f, 0xff, 0x7f)).ShouldContain("lists 32767 files");
        Refusal(Checkpoints.Patched(Whole, end + 8, 2, 0, 2, 0)).ShouldContain("longer than the files");
        Refusal(Checkpoints.Patched(Whole, end + 8, 2)).ShouldContain("several disks");
        Refusal(Checkpoints.Patched(Whole, end + 16, 0)).ShouldContain("not where its end says");
        Refusal(Checkpoints.Patched(Whole, directory, 0)).ShouldContain("directory is damaged");
    }

    [Fact]
    public void A_damaged_storage_is_found_when_it_is_read()
    {
        var bytes = Checkpoints.Zip(Pickle, ("data/0", Encoding.ASCII.GetBytes("sixteen bytes ok")));
        using var file = Checkpoints.Open(Checkpoints.Patched(bytes, Checkpoints.Find(bytes, "sixteen"u8), (byte)'S'));
        Should.Throw<WeightsException>(() => file.Read(file.Tensors[0])).Message.ShouldContain("checksum of the storage of 'weight'");
    }

    [Fact]
    public void Wide_numbers_are_read_and_must_agree()
    {
        // PyTorch ends every archive with the 64-bit record and its locator.
        var bytes = File.ReadAllBytes(CheckpointTests.Fixture("network.zip.pth"));
        var record = Checkpoints.Find(bytes, "PK\u0006\u0006"u8);
        var end = Checkpoints.Find(bytes, "PK\u0005\u0006"u8);
        Refusal(Checkpoints.Patched(bytes, end + 16, 1, 2, 3, 4)).ShouldContain("two ways");
        Refusal(Checkpoints.Patched(bytes, record + 48, 0xff)).ShouldContain("two ways");
        Refusal(Checkpoints.Patched(bytes, record + 55, 0xff)).ShouldContain("two ways");
        Refusal(Checkpoints.Patched(bytes, record, 0)).ShouldContain("locator");

        // All three marked as too wide for the narrow end, as in an archive of more than 4 GiB.
        Checkpoints.Open(Checkpoints.Patched(bytes, end + 8, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])).Dispose();
    }

    private static byte[] Archive(params (string Name, byte[] Bytes)[] files)
    {
        using var stream = new MemoryStream();
        stream.Write(files.Length == 0 ? "PK"u8 : default);
        stream.Position = 0;
        var zip = new StoredZipWriter(stream);
        foreach (var (name, bytes) in files)
        {
            zip.Add(name, bytes.Length, Crc32.Of(bytes), s => s.Write(bytes));
        }

        zip.Finish();
        return stream.ToArray();
    }

    private static string Refusal(byte[] bytes) => Should.Throw<WeightsException>(() => Checkpoints.Open(bytes)).Message;
}
