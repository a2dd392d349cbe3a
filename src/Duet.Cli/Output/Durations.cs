using System.Globalization;

namespace Duet.Cli.Output;

/// <summary>Durations as people read them.</summary>
internal static class Durations
{
    /// <summary><c>0.4 s</c>, <c>12 s</c>, <c>3 min 05 s</c>, <c>2 h 07 min</c>, <c>3 d 4 h</c>.</summary>
    public static string Text(TimeSpan duration)
    {
        if (duration < TimeSpan.FromSeconds(9.95))
        {
            return string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:0.0} s");
        }

        var seconds = (long)Math.Round(duration.TotalSeconds);
        return seconds switch
        {
            < 60 => string.Create(CultureInfo.InvariantCulture, $"{seconds} s"),
            < 3600 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60} min {seconds % 60:00} s"),
            < 86400 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600} h {seconds / 60 % 60:00} min"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 86400} d {seconds / 3600 % 24} h"),
        };
    }
}
