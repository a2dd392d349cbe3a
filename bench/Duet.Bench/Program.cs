using System.CommandLine;
using Duet.Bench;

// One benchmark per verb: add a file with a Create() and name it here.
var root = new RootCommand("Duet's benchmarks. Each prints one JSON object per measurement on standard output.")
{
    CurveBenchmark.Create(),
    ForwardBenchmark.Create(),
    KMeansBenchmark.Create(),
    KMeansBenchmark.CreateTable(),
    LimitsBenchmark.Create(),
    LoaderBenchmark.Create(),
    LogMelBenchmark.Create(),
    PretrainBenchmark.Create(),
    StepBenchmark.Create(),
    SvmBenchmark.Create(),
    SvmBenchmark.CreateData(),
};
return await root.Parse(args).InvokeAsync();
