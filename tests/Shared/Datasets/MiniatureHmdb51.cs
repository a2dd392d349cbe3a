using System.Globalization;

namespace Duet.Tests.Shared.Datasets;

/// <summary>
/// HMDB51 with three classes of six videos; in each split two of a class are tested, three teach and one is not used. With the real one's quirks: a class whose name begins with
/// another's, brackets, <c>#</c>, <c>&amp;</c>, <c>!</c> and dots in names, a blank at the end of each line.
/// </summary>
internal static class MiniatureHmdb51
{
    public static readonly string[] Classes = ["brush_hair", "climb", "climb_stairs"];

    private static readonly string[] Stems =
        ["April_09", "(HQ)_Rock_Climbing_-_Free_Solo", "#20_Rhythm", "Rock_&_Roll!_[Live]", "Dr._No_1080p.x264", "20060723sfjffbartsinger"];

    public static Miniature Make(string root, MiniatureOptions options)
    {
        var tree = new Miniature();
        var listed = new List<(string Name, int Class, int[] Codes)>();
        for (var c = 0; c < Classes.Length; c++)
        {
            for (var v = 0; v < Stems.Length; v++)
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"{Stems[v]}_{Classes[c]}_u_nm_np1_ba_goo_{v}.avi");
                int[] codes = [Code(v, 1), Code(v, 2), Code(v, 3)];
                ClassMedia.Put(root, $"{Classes[c]}/{name}", options, c, v, pictures: true, sound: false);
                tree.Expected.Add($"{Classes[c]}/{name}", (Classes[c], string.Join(';', codes.Select((code, s) => $"split{s + 1}={(code == 0 ? "unused" : code == 1 ? "train" : "test")}"))));
                listed.Add((name, c, codes));
            }
        }

        if (options.Damaged)
        {
            listed.AddRange([("gone_[x]_climb_f_cm_np1_le_med_0.avi", 1, [1, 2, 0]), ("#broken_climb_stairs_f_cm_np1_le_med_0.avi", 2, [1, 1, 2])]);
            tree.Missing.Add("climb/gone_[x]_climb_f_cm_np1_le_med_0.avi");
            File.WriteAllText(Path.Combine(root, "climb_stairs/#broken_climb_stairs_f_cm_np1_le_med_0.avi"), "no video");
            tree.Broken.Add("climb_stairs/#broken_climb_stairs_f_cm_np1_le_med_0.avi");
            ClassMedia.Put(root, "climb/extra_climb_f_cm_np1_le_med_0.avi", options, 1, 7, pictures: true, sound: false);
            tree.Unlisted.Add("climb/extra_climb_f_cm_np1_le_med_0.avi");
        }

        for (var c = 0; c < Classes.Length; c++)
        {
            for (var split = 1; split <= 3; split++)
            {
                ClassMedia.List(
                    root, $"testTrainMulti_7030_splits/{Classes[c]}_test_split{split}.txt",
                    listed.Where(v => v.Class == c).Select(v => string.Create(CultureInfo.InvariantCulture, $"{v.Name} {v.Codes[split - 1]} ")));
            }
        }

        return tree;
    }

    /// <summary>1 to teach, 2 to test, 0 for neither.</summary>
    private static int Code(int video, int split) => ((video + (2 * split)) % 6) switch
    {
        0 or 1 => 2,
        5 => 0,
        _ => 1,
    };
}
