using System.Diagnostics;

namespace GaleLb.Cli.Tests;

/// <summary>The scripts of <c>galectl completion</c>, sourced by the shells they are for, with the program itself behind them.</summary>
public sealed class ShellCompletionTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(5);

    // As readline would: the function that is registered for galectl, with the line and the cursor at its end.
    private const string Bash =
        """
        galectl() { "$DOTNET" "$GALECTL" "$@"; }
        source <(galectl completion bash)
        registered=$(complete -p galectl) || exit 3
        COMP_LINE=$LINE COMP_POINT=${#LINE}
        read -ra COMP_WORDS <<<"$LINE"
        [[ $LINE == *' ' ]] && COMP_WORDS+=('')
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        [[ $registered =~ -F\ ([^ ]+) ]] && "${BASH_REMATCH[1]}"
        printf '%s\n' "${COMPREPLY[@]}"
        """;

    // compdef and compadd are the completion system's, which needs a terminal: these say what they are told.
    private const string Zsh =
        """
        galectl() { "$DOTNET" "$GALECTL" "$@" }
        compdef() { registered[$2]=$1 }
        compadd() { [[ $1 == -- ]] && shift; print -l -- "$@" }
        typeset -A registered
        source <(galectl completion zsh)
        words=("${(@s: :)LINE}")
        CURRENT=${#words}
        ${registered[galectl]:?nothing is registered}
        """;

    private static readonly string[] Beginning = ["node", "nodes"];
    private static readonly string[] OfANode = ["drain", "undrain", "weight", "remove"];

    [Fact]
    public async Task Bash_TabAfterPartOfAWord_OffersTheCommandsThatBeginSo() =>
        (await CompleteAsync("bash", Bash, "galectl no")).Should().BeEquivalentTo(Beginning);

    [Fact]
    public async Task Bash_TabAfterACommand_OffersWhatItHas() =>
        (await CompleteAsync("bash", Bash, "galectl node ")).Should().Contain(OfANode).And.NotContain("status");

    [Fact]
    public async Task Bash_TabAfterNonsense_OffersNothing() => (await CompleteAsync("bash", Bash, "galectl xyzzy")).Should().BeEmpty();

    [ZshFact]
    public async Task Zsh_TabAfterPartOfAWord_OffersTheCommandsThatBeginSo() =>
        (await CompleteAsync("zsh", Zsh, "galectl no")).Should().Contain(Beginning);

    [ZshFact]
    public async Task Zsh_TabAfterACommand_OffersWhatItHas() =>
        (await CompleteAsync("zsh", Zsh, "galectl node ")).Should().Contain(OfANode).And.NotContain("status");

    private static async Task<string[]> CompleteAsync(string shell, string script, string line)
    {
        ProcessStartInfo start = new(shell, shell == "bash" ? ["--norc", "--noprofile", "-c", script] : ["-f", "-c", script])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LINE"] = line;
        start.Environment["DOTNET"] = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        start.Environment["GALECTL"] = Path.Combine(AppContext.BaseDirectory, "galectl.dll");
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(Watchdog);
        (await error).Should().BeEmpty();
        process.ExitCode.Should().Be(0);
        return (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    private sealed class ZshFactAttribute : FactAttribute
    {
        public ZshFactAttribute()
        {
            bool found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(d => File.Exists(Path.Combine(d, "zsh")));
            if (!found)
                Skip = "zsh is not installed";
        }
    }
}
