namespace Duet.Cli.Hosting;

/// <summary>The command's exit codes.</summary>
internal static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Failed.</summary>
    public const int Failed = 1;

    /// <summary>Wrong arguments or a wrong recipe; no data was touched.</summary>
    public const int WrongUse = 2;

    /// <summary>Done, but some files were quarantined or skipped; they are listed.</summary>
    public const int DoneWithQuarantine = 3;

    /// <summary>Interrupted; state that can be gone on from is saved.</summary>
    public const int Interrupted = 130;
}
