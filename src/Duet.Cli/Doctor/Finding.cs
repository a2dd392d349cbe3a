namespace Duet.Cli.Doctor;

/// <summary>How a finding is to be taken.</summary>
internal enum FindingStatus
{
    /// <summary>As it should be.</summary>
    Good,

    /// <summary>Works, but could be better.</summary>
    Warning,

    /// <summary>Some verb can't work.</summary>
    Problem,
}

/// <summary>One thing that <c>duet doctor</c> looked at.</summary>
/// <param name="Name">What, such as <c>ffmpeg</c>.</param>
/// <param name="Value">What was found.</param>
/// <param name="Status">How it is to be taken.</param>
/// <param name="Remedy">What it means and how to mend it; null where it is good.</param>
internal sealed record Finding(string Name, string Value, FindingStatus Status = FindingStatus.Good, string? Remedy = null);
