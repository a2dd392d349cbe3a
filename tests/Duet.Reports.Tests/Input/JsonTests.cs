using System.Text;
using System.Text.Json;
using Duet.Reports.Input;
using Shouldly;
using Xunit;

namespace Duet.Reports.Tests.Input;

public sealed class JsonTests
{
    [Fact]
    public void AFileLongerThanAnyResultIsNotRead()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, new byte[100]);
            Json.ReadFile(path, largest: 100)!.Length.ShouldBe(100);
            Should.Throw<ReportException>(() => Json.ReadFile(path, largest: 99)).Message.ShouldContain(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void WhatNestsDeeperThanAnyResultIsRefused()
    {
        byte[] Nested(int depth) => Encoding.ASCII.GetBytes(new string('[', depth) + new string(']', depth));
        Json.Parse<JsonElement>("result.json", Nested(32)).ValueKind.ShouldBe(JsonValueKind.Array);
        Should.Throw<ReportException>(() => Json.Parse<JsonElement>("result.json", Nested(33))).Message.ShouldContain("result.json");
    }
}
