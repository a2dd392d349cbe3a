using System.Globalization;

namespace Duet.Tests.Shared.Datasets;

/// <summary>
/// UCF101 with three classes and six groups of each; groups 1 and 2 are tested in split 1, 3 and 4 in split 2, 5 and 6 in split 3. With the real one's quirks: Windows
/// line ends, test lists without class numbers, the two spellings of one class, half of the videos without sound; one video is converted to MP4.
/// </summary>
internal static class MiniatureUcf101
{
    public static readonly string[] Classes = ["ApplyEyeMakeup", "HandstandPushups", "YoYo"];

    public static Miniature Make(string root, MiniatureOptions options)
    {
        var tree = new Miniature();
        var listed = new List<(string Name, int Class, int Group)>();
        for (var c = 0; c < Classes.Length; c++)
        {
            for (var group = 1; group <= 6; group++)
            {
                var name = Name(c, group, 1);
                var path = c == 2 && group == 2 ? $"UCF-101/{Path.ChangeExtension(name, ".mp4")}" : $"UCF-101/{name}";
                ClassMedia.Put(root, path, options, c, group, pictures: true, sound: group % 2 == 0);
                tree.Expected.Add(path, (Classes[c], Split(group)));
                listed.Add((name, c, group));
            }
        }

        if (options.Damaged)
        {
            var (gone, broken, extra) = (Name(0, 6, 2), Name(2, 6, 2), Name(2, 7, 1));
            listed.AddRange([(gone, 0, 6), (broken, 2, 6)]);
            tree.Missing.Add(gone);
            File.WriteAllText(Path.Combine(root, "UCF-101", broken), "no video");
            tree.Broken.Add($"UCF-101/{broken}");
            ClassMedia.Put(root, $"UCF-101/{extra}", options, 2, 7, pictures: true, sound: false);
            tree.Unlisted.Add($"UCF-101/{extra}");
        }

        ClassMedia.List(root, "ucfTrainTestlist/classInd.txt", Classes.Select((name, c) => string.Create(CultureInfo.InvariantCulture, $"{c + 1} {name}")), "\r\n");
        for (var split = 1; split <= 3; split++)
        {
            ClassMedia.List(root, $"ucfTrainTestlist/trainlist0{split}.txt", listed.Where(v => (v.Group + 1) / 2 != split).Select(v => string.Create(CultureInfo.InvariantCulture, $"{v.Name} {v.Class + 1}")), "\r\n");
            ClassMedia.List(root, $"ucfTrainTestlist/testlist0{split}.txt", listed.Where(v => (v.Group + 1) / 2 == split).Select(v => v.Name), "\r\n", endsOpen: split == 2);
        }

        return tree;
    }

    private static string Split(int group) => string.Join(';', Enumerable.Range(1, 3).Select(s => $"split{s}={((group + 1) / 2 == s ? "test" : "train")}"));

    private static string Name(int c, int group, int clip) =>
        string.Create(CultureInfo.InvariantCulture, $"{Classes[c]}/v_{Classes[c].Replace("Handstand", "HandStand", StringComparison.Ordinal)}_g{group:00}_c{clip:00}.avi");
}
