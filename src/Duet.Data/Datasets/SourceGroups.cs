using System.Text.RegularExpressions;
using Duet.Data.Store;

namespace Duet.Data.Datasets;

/// <summary>
/// Which videos were cut from one recording, where their data set's file names say so: such videos are nearly copies, and dividing them between
/// training and validation would flatter. Known: UCF101 (<c>v_ApplyEyeMakeup_g08_c01.avi</c>), HMDB51 (<c>MOVIE_catch_f_cm_np1_fr_med_0.avi</c>), ESC-50 (<c>1-100032-A-0.wav</c>).
/// </summary>
public static partial class SourceGroups
{
    /// <summary>The recording that a video comes from; its own id where its name says nothing.</summary>
    /// <param name="video">The video.</param>
    public static string Of(StoredVideo video)
    {
        ArgumentNullException.ThrowIfNull(video);
        var name = video.SourcePath[(video.SourcePath.LastIndexOfAny(['/', '\\']) + 1)..];
        foreach (var pattern in new[] { Ucf101(), Hmdb51(), Esc50() })
        {
            if (pattern.Match(name) is { Success: true } match)
            {
                return $"source:{match.Groups["source"].Value}";
            }
        }

        return $"video:{video.Id}";
    }

    [GeneratedRegex(@"^v_(?<source>\w+_g\d+)_c\d+\.\w+$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Ucf101();

    [GeneratedRegex(@"^(?<source>.+)_[hulf]_(cm|nm)_np\d_(ba|bo|fr|le|ri)_(goo|med|bad)_\d+\.\w+$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Hmdb51();

    [GeneratedRegex(@"^[1-5]-(?<source>\d+)-[A-Z]-\d+\.\w+$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Esc50();
}
