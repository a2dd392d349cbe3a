using System.Xml.Linq;
using CsCheck;
using Duet.Reports.Html;
using Shouldly;
using Xunit;

namespace Duet.Reports.Tests.Html;

public sealed class PlainTextTests
{
    [Theory]
    [InlineData("scenes/bounce 01.mp4", "scenes/bounce 01.mp4")]
    [InlineData("two\nlines\tand a tab", "two\nlines\tand a tab")]
    [InlineData("null\0 bell\a", "null\\u0000 bell\\u0007")]
    [InlineData("photo\u202Egpj.exe", "photo\\u202Egpj.exe")]
    [InlineData("\u2067right\u2069", "\\u2067right\\u2069")]
    [InlineData("🥁 drum 太鼓 \u0001", "🥁 drum 太鼓 \\u0001")]
    [InlineData("\u0001🥁🥁", "\\u0001🥁🥁")]
    [InlineData("carriage\rreturn", "carriage\\u000Dreturn")]
    public void HarmfulCharactersBecomeTheirNames(string text, string expected) => PlainText.Clean(text).ShouldBe(expected);

    [Fact]
    public void HalfOfAPairIsNamed() => PlainText.Clean("lone \uD83D surrogate\uDE00").ShouldBe("lone \\uD83D surrogate\\uDE00");

    [Fact]
    public void AnyTextComesBackFromTheParserAsItWasCleaned() =>
        Gen.Char.Array[0, 60].Select(c => new string(c)).Sample(text =>
        {
            string page = PageWriter.Write(Markup.E("p", Markup.A("title", text), text));
            var read = XDocument.Parse(page[page.IndexOf("<p", StringComparison.Ordinal)..], LoadOptions.PreserveWhitespace).Root!;
            read.Value.ShouldBe(PlainText.Clean(text));
            ((string)read.Attribute("title")!).ShouldBe(PlainText.Clean(text));
        });
}
