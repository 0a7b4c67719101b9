using System.CommandLine;

namespace GaleLb.Cli.Commands;

/// <summary><c>galectl completion bash|zsh</c>: prints what makes a shell complete galectl's command line.</summary>
internal static class CompletionCommand
{
    // Both hand the line without its first word to galectl's own [suggest] directive, with the cursor's place in it.
    private const string Bash =
        """
        # In ~/.bashrc: source <(galectl completion bash)
        _galectl() {
            local first="${COMP_WORDS[0]}" IFS=$'\n'
            local line="${COMP_LINE:$((${#first} + 1))}"
            local point=$((COMP_POINT - ${#first} - 1))
            COMPREPLY=($(compgen -W "$("$first" "[suggest:$point]" "$line" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -F _galectl galectl

        """;

    private const string Zsh =
        """
        # In ~/.zshrc, after compinit: source <(galectl completion zsh)
        _galectl() {
            local first="${words[1]}"
            local line="${(j: :)words[2,-1]}"
            local -a found
            found=("${(@f)$("$first" "[suggest:${#line}]" "$line" 2>/dev/null)}")
            compadd -- "${found[@]}"
        }
        compdef _galectl galectl

        """;

    public static Command Create(GalectlEnvironment environment)
    {
        Argument<string> shell = new("SHELL") { Description = "bash or zsh" };
        shell.AcceptOnlyFromAmong("bash", "zsh");
        Command command = new("completion", "Print a script that completes galectl's command line in a shell") { shell };
        command.SetAction(parsed => environment.Output.Write(parsed.GetRequiredValue(shell) == "bash" ? Bash : Zsh));
        return command;
    }
}
