using System.Runtime.CompilerServices;
using System.Text;
using Xunit;

namespace Duet.Cli.Tests.Support;

/// <summary>
/// Compares what was printed with a text that somebody read and approved: <c>Approved/NAME.txt</c>. Where they differ, what was printed is
/// left as <c>NAME.received.txt</c> beside it; to approve it, rename that file.
/// </summary>
internal static class ApprovedText
{
    public static void Check(string name, string text, [CallerFilePath] string caller = "")
    {
        var folder = Path.Combine(TestsFolder(caller), "Approved");
        var approved = Path.Combine(folder, name + ".txt");
        var received = Path.Combine(folder, name + ".received.txt");
        var expected = File.Exists(approved) ? File.ReadAllText(approved) : "";
        if (string.Equals(text, expected, StringComparison.Ordinal))
        {
            File.Delete(received);
            return;
        }

        File.WriteAllText(received, text);
        Assert.Fail($"The text '{name}' is not the approved one (- approved, + received):\n{Difference(expected, text)}\nIf it is right: mv '{received}' '{approved}'");
    }

    /// <summary>The lines that differ, by the longest common subsequence.</summary>
    internal static string Difference(string approved, string received)
    {
        var (a, b) = (approved.Split('\n'), received.Split('\n'));
        var common = new int[a.Length + 1, b.Length + 1];
        for (var i = a.Length - 1; i >= 0; i--)
        {
            for (var j = b.Length - 1; j >= 0; j--)
            {
                common[i, j] = string.Equals(a[i], b[j], StringComparison.Ordinal) ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
            }
        }

        var lines = new StringBuilder();
        for (int i = 0, j = 0; i < a.Length || j < b.Length;)
        {
            if (i < a.Length && j < b.Length && string.Equals(a[i], b[j], StringComparison.Ordinal))
            {
                (i, j) = (i + 1, j + 1);
            }
            else if (j == b.Length || (i < a.Length && common[i + 1, j] >= common[i, j + 1]))
            {
                lines.Append("- ").Append(a[i++]).Append('\n');
            }
            else
            {
                lines.Append("+ ").Append(b[j++]).Append('\n');
            }
        }

        return lines.ToString();
    }

    private static string TestsFolder(string caller)
    {
        var at = new FileInfo(caller).Directory;
        while (at is not null && at.GetFiles("*.csproj").Length == 0)
        {
            at = at.Parent;
        }

        return at?.FullName ?? throw new InvalidOperationException($"No project above {caller}.");
    }
}
