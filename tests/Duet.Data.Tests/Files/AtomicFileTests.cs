using Duet.Data.Files;
using Duet.Data.Tests.Store;
using Duet.Tests.Shared.Files;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Files;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_file_is_old_or_new_whichever_call_fails()
    {
        var path = folder["file.txt"];
        var failures = 0;
        while (true)
        {
            File.WriteAllText(path, "old");
            var files = new FaultyFiles(failures + 1);
            try
            {
                using var replaced = DurableFiles.Replace(files);
                AtomicFile.WriteAllText(path, "new");
                break;
            }
            catch (FileWriteException e)
            {
                e.Message.ShouldContain("the disk is full");
                File.ReadAllText(path).ShouldBeOneOf("old", "new");
                if (files.Calls < 4)
                {
                    File.ReadAllText(path).ShouldBe("old"); // open, write, flush: the name is not yet touched
                }

                Directory.GetFiles(folder.Path).ShouldBe([path]);
                failures++;
            }
        }

        failures.ShouldBe(5); // open, write, flush, rename, flush the folder
        File.ReadAllText(path).ShouldBe("new");
    }

    [Fact]
    public void The_content_is_on_the_disk_before_it_gets_its_name()
    {
        var calls = new List<string>();
        using (DurableFiles.Replace(new RecordingFiles(calls)))
        {
            AtomicFile.WriteAllText(folder["a", "b.txt"], "text");
            AtomicFile.WriteAllText(folder["a", "b.txt"], "text");
        }

        calls.ShouldBe([$"flush folder {folder.Path}", "open", "flush", "rename", $"flush folder {folder["a"]}", "open", "flush", "rename", $"flush folder {folder["a"]}"]);
        File.ReadAllText(folder["a", "b.txt"]).ShouldBe("text");
    }

    [Fact]
    public void An_error_of_the_writer_leaves_nothing_behind()
    {
        Should.Throw<InvalidOperationException>(() => AtomicFile.Write(folder["x"], _ => throw new InvalidOperationException()));
        Directory.GetFileSystemEntries(folder.Path).ShouldBeEmpty();
    }

    [Fact]
    public void What_a_killed_process_leaves_is_known_by_its_name()
    {
        string? temporary = null;
        AtomicFile.Write(folder["x.json"], stream => temporary = Path.GetFileName(((FileStream)stream).Name));
        AtomicFile.IsLeftover(temporary!).ShouldBeTrue();
        AtomicFile.IsLeftover("x.json").ShouldBeFalse();
        AtomicFile.IsLeftover(".hidden.tmp").ShouldBeFalse();
    }

    [Fact]
    public void Leftovers_of_the_dead_go_and_those_of_the_living_stay()
    {
        var dead = folder[$".x.json.{Guid.NewGuid():N}.tmp"];
        File.WriteAllText(dead, "");
        File.WriteAllText(folder[".mine.tmp"], "");
        AtomicFile.Write(folder["y.json"], stream =>
        {
            AtomicFile.RemoveLeftovers(folder.Path, "y.json");
            File.Exists(dead).ShouldBeTrue(); // of another file
            AtomicFile.RemoveLeftovers(folder.Path);
            File.Exists(((FileStream)stream).Name).ShouldBeTrue();
        });
        Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal).ShouldBe([".mine.tmp", "y.json"]);
        AtomicFile.RemoveLeftovers(folder["nowhere"]);
    }

    private sealed class RecordingFiles(List<string> calls) : IDurableFiles
    {
        public Stream Open(string path, FileMode mode)
        {
            calls.Add("open");
            return DurableFiles.Instance.Open(path, mode);
        }

        public void FlushToDisk(Stream stream)
        {
            calls.Add("flush");
            DurableFiles.Instance.FlushToDisk(stream);
        }

        public void Rename(string from, string to)
        {
            calls.Add("rename");
            DurableFiles.Instance.Rename(from, to);
        }

        public void FlushFolder(string folder)
        {
            calls.Add($"flush folder {folder}");
            DurableFiles.Instance.FlushFolder(folder);
        }

        public void Delete(string path) => DurableFiles.Instance.Delete(path);
    }
}
