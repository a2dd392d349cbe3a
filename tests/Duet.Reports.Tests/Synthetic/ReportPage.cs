using System.Xml;
using System.Xml.Linq;
using Duet.Reports.Input;
using Duet.Reports.Sections;

namespace Duet.Reports.Tests.Synthetic;

/// <summary>A written report, read back by an XML parser that knows nothing of how it was written.</summary>
internal sealed class ReportPage
{
    public ReportPage(string html)
    {
        Html = html;
        using var reader = XmlReader.Create(new StringReader(html), new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore, XmlResolver = null });
        Root = XDocument.Load(reader, LoadOptions.PreserveWhitespace).Root!;
    }

    public string Html { get; }

    public XElement Root { get; }

    /// <summary>Through the front door: files in, file out.</summary>
    public static ReportPage Write(RunFolderBuilder run, RunReportOptions? options = null) => new(File.ReadAllText(RunReport.Write(run.Folder, options)));

    /// <summary>The same page with pictures.</summary>
    public static ReportPage Draw(RunFolderBuilder run, IStoreView? store, string? problem = null) => new(Page.Draw(new ReportContext
    {
        Files = RunFilesReader.Read(run.Folder),
        Title = "Demo",
        Store = store,
        StoreProblem = problem,
        Written = DateTimeOffset.UnixEpoch,
    }));

    public XElement? Section(string id) => Root.Descendants("section").SingleOrDefault(s => (string?)s.Attribute("id") == id);

    public string Text => Shown(Root.Element("body")!);

    /// <summary>The table's cells as a reader sees them, with plain spaces.</summary>
    public static List<List<string>> Rows(XElement table) =>
        [.. table.Element("tbody")!.Elements("tr").Select(row => row.Elements().Select(Shown).ToList())];

    public static string Shown(XElement element) =>
        string.Concat(element.DescendantNodes().OfType<XText>().Select(t => t.Value)).Replace('\u00A0', ' ').Replace('\u2009', ' ').Replace('\u202F', ' ');

    public IEnumerable<XElement> Charts => Root.Descendants("figure");

    public XElement Chart(string title) => Charts.Single(c => Shown(c.Element("figcaption")!).StartsWith(title, StringComparison.Ordinal));
}
