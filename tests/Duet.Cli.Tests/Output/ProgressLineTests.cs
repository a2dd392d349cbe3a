using Duet.Cli.Hosting;
using Duet.Cli.Output;
using Duet.Cli.Tests.Support;
using Shouldly;
using Spectre.Console;
using Spectre.Console.Testing;
using Xunit;

namespace Duet.Cli.Tests.Output;

public sealed class ProgressLineTests : IDisposable
{
    private readonly ManualTime time = new();
    private readonly TestConsole console = new();

    public void Dispose() => console.Dispose();

    [Theory]
    [InlineData(12, 300, 3.1, 0.07, null, "ingest: 12 of 300 videos (4 %), 3.1/s, 7 % waiting for data, 1 min 33 s left")]
    [InlineData(12, 0, 0.5, null, "loss 0.31", "ingest: 12 videos, loss 0.31, 30.0/min")]
    [InlineData(0, 10, 0.0, null, null, "ingest: 0 of 10 videos (0 %)")]
    [InlineData(10, 10, 250.0, null, null, "ingest: 10 of 10 videos (100 %), 250/s")]
    [InlineData(999, 1000, 1.0, null, null, "ingest: 999 of 1000 videos (99 %), 1.0/s, 1.0 s left")]
    public void Says_how_far_how_fast_and_how_long(double done, double total, double rate, double? wait, string? detail, string expected) =>
        ProgressLine.Format("ingest", "videos", done, total, rate, wait, detail).ShouldBe(expected);

    [Fact]
    public void Without_a_terminal_it_prints_a_plain_line_every_few_seconds_and_the_last_one()
    {
        using (var progress = new ProgressLine(Context(), "ingest", "videos", time))
        {
            for (var done = 0; done <= 10; done++)
            {
                progress.Report(done, 10);
                time.Advance(TimeSpan.FromSeconds(1));
            }
        }

        console.Output.TrimEnd().Split('\n').ShouldBe(
        [
            "ingest: 0 of 10 videos (0 %)",
            "ingest: 5 of 10 videos (50 %), 1.0/s, 5.0 s left",
            "ingest: 10 of 10 videos (100 %), 1.0/s",
        ]);
    }

    [Fact]
    public void The_rate_follows_a_change_of_pace()
    {
        using var progress = new ProgressLine(Context(), "train", "steps", time);
        for (var i = 0; i <= 100; i++)
        {
            progress.Report(10 * i, 100_000);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        for (var i = 1; i <= 60; i++)
        {
            progress.Report(1000 + i, 100_000);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        console.Output.TrimEnd().Split('\n')[^1].ShouldContain(", 1.0/s,");
    }

    [Fact]
    public void A_note_stays_whole_and_unmarked()
    {
        using var progress = new ProgressLine(Context(), "ingest", "videos", time);
        progress.Note("quarantined [bold]videos/a.mp4[/]: no sound");

        console.Output.ShouldBe("quarantined [bold]videos/a.mp4[/]: no sound\n");
    }

    [Fact]
    public void On_a_terminal_it_redraws_one_line_that_fits_and_leaves_the_last_one()
    {
        using var terminal = new Terminal { Width = 30 };
        console.Profile.Out = terminal;
        using (var progress = new ProgressLine(Context(), "ingest", "videos", time))
        {
            progress.Report(0, 10);
            time.Advance(TimeSpan.FromMilliseconds(50));
            progress.Report(1, 10); // too soon to redraw
            time.Advance(TimeSpan.FromMilliseconds(950));
            progress.Report(5, 10);
        }

        terminal.Text.ShouldBe("\r\e[Kingest: 0 of 10 videos (0 %)\r\e[Kingest: 5 of 10 videos (50 %)\n");
    }

    [Fact]
    public void On_a_terminal_a_note_goes_above_the_live_line()
    {
        using var terminal = new Terminal { Width = 80 };
        console.Profile.Out = terminal;
        using (var progress = new ProgressLine(Context(), "ingest", "videos", time))
        {
            progress.Note("before anything is drawn");
            progress.Report(3, 10);
            progress.Note("no sound: a.mp4");
        }

        const string Live = "ingest: 3 of 10 videos (30 %)";
        terminal.Text.ShouldBe($"before anything is drawn\n\r\e[K{Live}\r\e[Kno sound: a.mp4\n{Live}\n");
    }

    [Theory]
    [InlineData(0.44, "0.4 s")]
    [InlineData(9.96, "10 s")]
    [InlineData(59.6, "1 min 00 s")]
    [InlineData(185, "3 min 05 s")]
    [InlineData(7620, "2 h 07 min")]
    [InlineData(273_600, "3 d 4 h")]
    public void Durations_read_well(double seconds, string expected) => Durations.Text(TimeSpan.FromSeconds(seconds)).ShouldBe(expected);

    private CommandContext Context() => new(DuetCommand.Create().Parse([]), json: false, TextWriter.Null, console, CancellationToken.None);

    /// <summary>A terminal that keeps what is written to it.</summary>
    private sealed class Terminal : IAnsiConsoleOutput, IDisposable
    {
        private readonly StringWriter writer = new() { NewLine = "\n" };

        public string Text => writer.ToString();

        public TextWriter Writer => writer;

        public bool IsTerminal => true;

        public int Width { get; init; }

        public int Height => 25;

        public void SetEncoding(System.Text.Encoding encoding)
        {
            // Text stays text.
        }

        public void Dispose() => writer.Dispose();
    }
}
