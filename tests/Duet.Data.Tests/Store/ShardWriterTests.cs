using System.Formats.Tar;
using System.Text;
using Duet.Data.Files;
using Duet.Data.Store;
using Duet.Data.Tests.Files;
using Duet.Tests.Shared.Files;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Store;

public sealed class ShardWriterTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_was_committed_survives_whichever_call_fails_and_what_was_not_is_gone()
    {
        for (var failAt = 1; ; failAt++)
        {
            using var store = new TemporaryFolder();
            var committed = new Dictionary<int, long>();
            var names = new List<string>();
            var files = new FaultyFiles(failAt);
            try
            {
                Write(files, store.Path, committed, names);
            }
            catch (IOException)
            {
                using var writer = new ShardWriter(DurableFiles.Instance, store.Path, FullAt);
                writer.Recover(committed);
                Entries(store.Path).ShouldBe(names, $"call {failAt}");
                Write(DurableFiles.Instance, store.Path, committed, names);
                Entries(store.Path).ShouldBe(names, $"call {failAt}");
                continue;
            }

            failAt.ShouldBeGreaterThan(20);
            names.Count.ShouldBe(6);
            Directory.GetFiles(StoreLayout.Shards(store.Path)).Length.ShouldBe(3);
            return;
        }
    }

    [Fact]
    public void An_error_is_rolled_back_at_once_where_the_disk_lets_it()
    {
        var committed = new Dictionary<int, long>();
        var names = new List<string>();
        Write(DurableFiles.Instance, folder.Path, committed, names);
        using (var writer = new ShardWriter(DurableFiles.Instance, folder.Path, FullAt))
        {
            writer.Recover(committed);
            writer.Append("half.json", 5, Content("12345"));
            writer.Rollback();
        }

        Entries(folder.Path).ShouldBe(names);
    }

    [Fact]
    public void A_shard_that_lost_bytes_is_an_error_and_no_repair()
    {
        var committed = new Dictionary<int, long>();
        Write(DurableFiles.Instance, folder.Path, committed, []);
        var path = StoreLayout.Shard(folder.Path, 0);
        using (var file = new FileStream(path, FileMode.Open))
        {
            file.SetLength(700);
        }

        using var writer = new ShardWriter(DurableFiles.Instance, folder.Path, FullAt);
        Should.Throw<StoreException>(() => writer.Recover(committed)).Message.ShouldContain("shorter than the catalog says");
        new FileInfo(path).Length.ShouldBe(700);
    }

    private const int FullAt = 4000;

    /// <summary>Writes up to six videos of one entry each, committing after every one.</summary>
    private static void Write(IDurableFiles files, string store, Dictionary<int, long> committed, List<string> names)
    {
        using var writer = new ShardWriter(files, store, FullAt);
        writer.Recover(committed);
        for (var i = names.Count; i < 6; i++)
        {
            var text = new string((char)('a' + i), 700);
            writer.Begin(Tar.Space(text.Length));
            writer.Append($"{i}.json", text.Length, Content(text));
            writer.Flush();
            foreach (var (number, length) in writer.Lengths)
            {
                committed[number] = length;
            }

            writer.Committed();
            names.Add($"{i}.json={text}");
        }
    }

    private static Func<byte[], int> Content(string text)
    {
        var left = Encoding.ASCII.GetBytes(text).AsMemory();
        return buffer =>
        {
            var count = Math.Min(left.Length, 300);
            left[..count].CopyTo(buffer);
            left = left[count..];
            return count;
        };
    }

    /// <summary>The shards' entries as another tar reader sees them.</summary>
    private static List<string> Entries(string store)
    {
        var entries = new List<string>();
        foreach (var shard in Directory.GetFiles(StoreLayout.Shards(store)).Order(StringComparer.Ordinal))
        {
            using var reader = new TarReader(File.OpenRead(shard));
            while (reader.GetNextEntry() is { } entry)
            {
                using var text = new StreamReader(entry.DataStream!);
                entries.Add($"{entry.Name}={text.ReadToEnd()}");
            }
        }

        return entries;
    }
}
