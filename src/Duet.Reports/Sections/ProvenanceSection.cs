using System.Text.Json;
using System.Xml.Linq;
using Duet.Reports.Input;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Sections;

/// <summary>What made these numbers: data, recipe, machine, command. Enough to make them again.</summary>
internal static class ProvenanceSection
{
    public static IEnumerable<Section> Draw(ReportContext context)
    {
        if (Data(context) is { Count: > 0 } data)
        {
            yield return new Section("data", "What was it trained on?", data);
        }

        if (Made(context) is { Count: > 0 } made)
        {
            yield return new Section("made", "How was it made?", made);
        }
    }

    private static List<XElement> Data(ReportContext context)
    {
        var store = context.Files.Store;
        var rows = new List<(string, object)>();
        Add(rows, "store", Code, store.Find("path", "directory", "store").Text() ?? context.Files.Sync?.Store.Text() ?? context.Files.Probe?.Store.Text());
        Add(rows, "fingerprint", Code, store.Find("fingerprint").Text() ?? context.Files.Demo?.Store.Find("fingerprint").Text());
        foreach (string part in (string[])["train", "validation", "test"])
        {
            if (Videos(store, part) is { } count)
            {
                rows.Add(($"videos, {part}", Numbers.Count(count)));
            }
        }

        var body = new List<XElement>();
        if (context.Files.Demo?.Store is { ValueKind: JsonValueKind.Object } demo)
        {
            rows.AddRange(Facts.Flatten(demo).Where(f => !f.Name.Equals("fingerprint", StringComparison.Ordinal) && !f.Name.StartsWith("quarantined", StringComparison.Ordinal)).Select(f => (f.Name, (object)Outside(f.Value))));
        }

        if (rows.Count > 0)
        {
            body.Add(Facts.List(rows));
        }

        if (context.Store?.Fingerprint is { } now && store.Find("fingerprint").Text() is { } then && !string.Equals(now, then, StringComparison.OrdinalIgnoreCase))
        {
            body.Add(C("p", "hint", "The store has changed since training: its fingerprint is now ", Code(now), ". The pictures above are from the store as it is now."));
        }

        body.AddRange(Quarantine(context));
        if (LeftOut(context) is { } leftOut)
        {
            body.Add(leftOut);
        }

        return body;
    }

    private static long? Videos(JsonElement? store, string part) => store.Find(part) is { } ids
        ? ids.ValueKind switch
        {
            JsonValueKind.Array => ids.GetArrayLength(),
            JsonValueKind.Number when ids.TryGetInt64(out long n) => n,
            JsonValueKind.Object => ((JsonElement?)ids).Find("videos", "count", "ids") is { } inner
                ? inner.ValueKind == JsonValueKind.Array ? inner.GetArrayLength() : inner.TryGetInt64(out long m) ? m : null
                : null,
            _ => null,
        }
        : null;

    private static string Holds(IStoreView store) => $"The store holds {Numbers.Count(store.ReadyVideos)} {(store.ReadyVideos == 1 ? "video" : "videos")}";

    private static IEnumerable<XElement> Quarantine(ReportContext context)
    {
        if (context.Store is not { Quarantined: { } quarantined } store)
        {
            yield break;
        }

        if (quarantined.Count == 0)
        {
            yield return E("p", $"{Holds(store)}; none was quarantined.");
            yield break;
        }

        const int Most = 200;
        var reasons = quarantined.GroupBy(q => q.Kind, StringComparer.Ordinal).OrderByDescending(g => g.Count()).Select(g => $"{g.Count()} {g.Key}");
        yield return E("p", $"{Holds(store)}. {Numbers.Count(quarantined.Count)} {(quarantined.Count == 1 ? "file was" : "files were")} quarantined and taught nothing: {string.Join(", ", reasons)}.");
        yield return C(
            "details",
            "fold",
            E("summary", "The quarantined files"),
            Tables.Draw(["file", "reason"], quarantined.Take(Most).Select(q => (IReadOnlyList<object?>)[Code(q.Path), Outside(q.Reason)]), "words"),
            quarantined.Count > Most ? E("p", $"The first {Most} of {quarantined.Count}; \"duet store info\" lists all.") : null);
    }

    private static XElement? LeftOut(ReportContext context)
    {
        var videos = (context.Files.Sync?.LeftOut ?? []).Select(v => ("sync", v)).Concat((context.Files.Probe?.LeftOut ?? []).Select(v => ("probe", v))).ToList();
        const int Most = 200;
        return videos.Count == 0
            ? null
            : C(
                "details",
                "fold",
                E("summary", $"Left out of an evaluation, in all or in part ({videos.Count})"),
                Tables.Draw(["video", "evaluation", "reason"], videos.Take(Most).Select(v => (IReadOnlyList<object?>)[Code(v.v.SourcePath ?? v.v.VideoId), v.Item1, Outside(v.v.Reason)]), "words"),
                videos.Count > Most ? E("p", $"The first {Most} of {videos.Count}; the result files have all.") : null);
    }

    private static List<XElement> Made(ReportContext context)
    {
        var body = new List<XElement>();
        string? command = context.Command ?? context.Files.Environment.Find("command", "command_line").Text();
        if (command is not null)
        {
            body.Add(E("h3", "Command"));
            body.Add(E("pre", Code(command)));
        }

        if (context.Files.Demo?.Seconds is { Count: > 0 } seconds)
        {
            body.Add(E("h3", "Time"));
            body.Add(Facts.List(seconds.Select(s => (s.Key, (object)Numbers.Duration(s.Value)))));
        }

        if (context.Files.Environment is { ValueKind: JsonValueKind.Object } environment)
        {
            body.Add(E("h3", "Machine and versions"));
            body.Add(Facts.List(Facts.Flatten(environment).Where(f => f.Name is not ("command" or "command line" or "format")).Select(f => (f.Name, (object)Outside(f.Value)))));
        }

        if (context.Files.RecipeText is { } recipe)
        {
            body.Add(C("details", "fold", E("summary", "Recipe, fully resolved", context.Files.Recipe.Name is { } name ? [": ", Code(name)] : Array.Empty<object>()), C("pre", "yaml", YamlColours.Of(recipe))));
        }

        return body;
    }

    private static void Add(List<(string, object)> rows, string name, Func<string?, XElement> format, string? value)
    {
        if (value is not null)
        {
            rows.Add((name, format(value)));
        }
    }
}
