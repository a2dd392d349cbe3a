using System.Diagnostics;
using System.Globalization;
using System.IO.MemoryMappedFiles;
using System.Reflection;
using Xunit;

namespace Duet.Tests.Shared.Fuzzing;

/// <summary>
/// Fuzzes a reader with native code under it: the calling test is run again in a process of its own, which says in a mapped file which input it is about
/// to read. Should an input end that process, this one names it and keeps it. The process's memory is measured too, which counts what lies outside the
/// managed heap.
/// </summary>
internal static class FuzzProcess
{
    private const string MarkVariable = "DUET_FUZZ_MARK";
    private const int Longs = 7;

    private enum Mark
    {
        Index,
        Inputs,
        Accepted,
        Refused,
        MostAllocated,
        Grown,
        Done,
    }

    /// <summary>Tries inputs.</summary>
    /// <param name="fuzzer">Makes them.</param>
    /// <param name="inputs">How many in CI.</param>
    /// <param name="mayGrow">By how much the process's memory may grow over what whole files need, bytes; the garbage that is not yet collected counts.</param>
    /// <param name="read">Reads one.</param>
    /// <exception cref="FuzzException">An input did what none may.</exception>
    public static FuzzResult Run(MutationFuzzer fuzzer, int inputs, long mayGrow, Action<byte[]> read)
    {
        if (Environment.GetEnvironmentVariable(MarkVariable) is { Length: > 0 } inherited)
        {
            return Here(fuzzer, inputs, read, inherited);
        }

        var mark = Path.Combine(Path.GetTempPath(), $"duet-fuzz-{Guid.NewGuid():N}.mark");
        try
        {
            File.WriteAllBytes(mark, new byte[Longs * sizeof(long)]);
            var result = There(fuzzer, mark);
            return result.Grown <= mayGrow ? result : throw new FuzzException($"{fuzzer.Name}: the process grew by {result.Grown} bytes, and may by {mayGrow}.", null);
        }
        finally
        {
            File.Delete(mark);
        }
    }

    private static FuzzResult Here(MutationFuzzer fuzzer, int inputs, Action<byte[]> read, string mark)
    {
        using var file = MemoryMappedFile.CreateFromFile(mark, FileMode.Open);
        using var view = file.CreateViewAccessor();
        var before = 0L;
        fuzzer.Began = () => before = PeakMemory();
        fuzzer.Trying = i => Write(Mark.Index, i);
        var result = fuzzer.Run(inputs, read);
        result = result with { Grown = PeakMemory() - before };
        Write(Mark.Inputs, result.Inputs);
        Write(Mark.Accepted, result.Accepted);
        Write(Mark.Refused, result.Refused);
        Write(Mark.MostAllocated, result.MostAllocated);
        Write(Mark.Grown, result.Grown);
        Write(Mark.Done, 1);
        return result;

        void Write(Mark at, long value) => view.Write((int)at * sizeof(long), value);
    }

    private static FuzzResult There(MutationFuzzer fuzzer, string mark)
    {
        var test = $"{TestContext.Current.TestClass!.TestClassName}.{TestContext.Current.TestMethod!.MethodName}";
        string[] program = Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet" ? [Environment.ProcessPath!, Assembly.GetEntryAssembly()!.Location] : [Environment.ProcessPath!];
        var start = new ProcessStartInfo(program[0], [.. program[1..], "-noLogo", "-noColor", "-method", test]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment[MarkVariable] = mark;
        start.Environment["DUET_FUZZ_LOG"] = null;
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        for (var seen = -1L; !process.WaitForExit(MutationFuzzer.Patience * 2); seen = Read(Mark.Index))
        {
            if (seen == Read(Mark.Index))
            {
                process.Kill(entireProcessTree: true);
                throw fuzzer.Failure(seen, string.Create(CultureInfo.InvariantCulture, $"takes more than {(MutationFuzzer.Patience * 2).TotalSeconds} s"));
            }
        }

        process.WaitForExit();
        return process.ExitCode == 0 && Read(Mark.Done) == 1
            ? new FuzzResult(Read(Mark.Inputs), Read(Mark.Accepted), Read(Mark.Refused), Read(Mark.MostAllocated), Read(Mark.Grown))
            : process.ExitCode is 0 or 1 ? throw new FuzzException($"{output.Result}\n{errors.Result}", null)
            : throw fuzzer.Failure(Read(Mark.Index), $"ends the process with code {process.ExitCode}: {Tail(errors.Result)}");

        long Read(Mark at) => BitConverter.ToInt64(File.ReadAllBytes(mark), (int)at * sizeof(long));
    }

    private static string Tail(string text) => text.Length <= 2000 ? text : text[..2000];

    /// <summary>The most memory that this process had at once, bytes; 0 where the system does not say.</summary>
    private static long PeakMemory()
    {
        using var self = Process.GetCurrentProcess();
        return self.PeakWorkingSet64;
    }
}
