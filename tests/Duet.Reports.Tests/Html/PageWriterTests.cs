using System.Xml.Linq;
using Duet.Reports.Html;
using Shouldly;
using Xunit;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Tests.Html;

public sealed class PageWriterTests
{
    [Fact]
    public void OnlyVoidElementsCloseThemselves() =>
        PageWriter.Write(E("div", E("span"), E("br"), E("img", A("alt", "")))).ShouldBe("<!DOCTYPE html>\n<div><span></span><br /><img alt=\"\" /></div>\n");

    [Fact]
    public void MarkupInTextStaysText() =>
        PageWriter.Write(E("b", "<i>\"&'</i>")).ShouldContain("<b>&#60;i&#62;\"&#38;'&#60;/i&#62;</b>");

    [Fact]
    public void MarkupInAttributesStaysText() =>
        PageWriter.Write(E("b", A("title", "\"><script>'\n"))).ShouldContain("<b title=\"&#34;&#62;&#60;script&#62;&#39;&#10;\"></b>");

    [Fact]
    public void RunningTextIsNotBrokenByTheWriter() =>
        PageWriter.Write(E("p", "a", E("div", "b"), "c")).ShouldContain("<p>a<div>b</div>c</p>");

    [Theory]
    [InlineData("a > b { }")]
    [InlineData("</style>")]
    [InlineData("a { content: '&' }")]
    public void AStyleSheetThatHtmlAndXmlReadDifferentlyIsRefused(string css) =>
        Should.Throw<InvalidOperationException>(() => PageWriter.Write(E("style", css)));

    [Fact]
    public void WhatIsNoMarkupIsRefused() => Should.Throw<ArgumentException>(() => E("p", new object()));

    [Fact]
    public void NothingIsLeftOfNull() => E("p", null, new object?[] { null, "x" }, Array.Empty<XElement>()).Value.ShouldBe("x");
}
