using GaleLb.Cli;

bool isTerminal = !Console.IsOutputRedirected
    && Environment.GetEnvironmentVariable("NO_COLOR") is null or ""
    && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
await using StreamWriter output = new(Console.OpenStandardOutput(), bufferSize: 32 * 1024);
return await Galectl.RunAsync(args, new GalectlEnvironment(Environment.GetEnvironmentVariable, output, Console.Error, isTerminal));
