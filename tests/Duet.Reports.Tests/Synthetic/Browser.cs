using System.Diagnostics;
using Xunit;

namespace Duet.Reports.Tests.Synthetic;

/// <summary>A page as a real browser makes it of a file: its script has run, and nothing came from a network.</summary>
internal static class Browser
{
    private static readonly string? Program = new[] { "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome" }.FirstOrDefault(File.Exists);

    /// <summary>The document after the script has run, as text. Skips the test where there is no browser.</summary>
    /// <param name="html">The page.</param>
    /// <param name="fragment">What follows its address.</param>
    public static async Task<string> DomAsync(string html, string fragment)
    {
        Assert.SkipWhen(Program is null, "There is no Chromium on this machine.");
        var folder = Directory.CreateTempSubdirectory("duet-page-");
        try
        {
            string page = Path.Combine(folder.FullName, "page.html");
            await File.WriteAllTextAsync(page, html);
            using var process = Process.Start(new ProcessStartInfo(
                Program!,
                [
                    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                    $"--user-data-dir={Path.Combine(folder.FullName, "profile")}", "--virtual-time-budget=5000", "--dump-dom", $"file://{page}{fragment}",
                ])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var error = process.StandardError.ReadToEndAsync();
            string dom = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            Assert.True(process.ExitCode == 0, await error);
            return dom;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
