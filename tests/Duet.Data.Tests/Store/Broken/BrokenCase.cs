using Duet.Data.Store;

namespace Duet.Data.Tests.Store.Broken;

/// <summary>One row of the table in docs/broken-media.md: something that is wrong with files, and what must become of them.</summary>
/// <param name="Shown">The files' name in the table; <c>NN</c> stands for a number.</param>
/// <param name="What">What is wrong.</param>
/// <param name="Verdicts">How they may end: <c>ready</c> or a reason. More than one where it depends on which bytes an encoder wrote.</param>
/// <param name="Says">What the detail must contain; null where nothing is said or it is ffmpeg's wording.</param>
/// <param name="Files">Each file's name, as ingest names it, and what makes it there.</param>
internal sealed record BrokenCase(string Shown, string What, IReadOnlyList<string> Verdicts, string? Says, IReadOnlyList<(string Name, Action<string> Make)> Files)
{
    /// <summary>The verdict of a file that is used.</summary>
    public const string Ready = "ready";

    /// <summary>Every verdict there is: of bytes changed at random only this is known, that there will be one.</summary>
    public static readonly IReadOnlyList<string> Any =
    [
        Ready, QuarantineReason.Undecodable, QuarantineReason.NoVideo, QuarantineReason.NoAudio, QuarantineReason.FrameSize, QuarantineReason.Limit,
        QuarantineReason.Damaged, QuarantineReason.TooShort, QuarantineReason.Silent, QuarantineReason.Still,
    ];

    /// <summary>The row.</summary>
    public string Row => $"| `{Shown}` | {What} | {(ReferenceEquals(Verdicts, Any) ? "any, the same every time" : string.Join(" or ", Verdicts.Select(v => $"`{v}`")))} | {Says ?? ""} |";
}
