namespace VmExecutor.Completions;

/// <summary>
/// The scripts by which a shell asks the program for the words that could come next. The program itself knows them (System.CommandLine's
/// <c>[suggest:N]</c> directive, N being the cursor's place in the line), so the scripts never get out of date. Answers are taken as text
/// and never evaluated: a domain may be called <c>$(reboot)</c>.
/// </summary>
internal static class CompletionScripts
{
    public static readonly IReadOnlyList<string> Shells = ["bash", "zsh", "fish"];

    public static string For(string shell) => shell switch
    {
        "bash" => Bash,
        "zsh" => Zsh,
        "fish" => Fish,
        _ => throw new ArgumentOutOfRangeException(nameof(shell), shell, null),
    };

    private const string Bash = """
        # bash completion for vm-executor. Take it into this shell: source <(vm-executor completion bash)
        # For good: vm-executor completion bash > /etc/bash_completion.d/vm-executor
        _vm_executor() {
            local head=${COMP_LINE:0:COMP_POINT} reply
            local line="vm-executor${head#*"$1"}"
            COMPREPLY=()
            while IFS= read -r reply; do
                [[ -z $reply || $reply != "$2"* || ( $reply == -* && $2 != -* ) ]] || COMPREPLY+=("$(printf %q "$reply")")
            done < <("$1" "[suggest:${#line}]" "$line" 2> /dev/null)
            return 0
        }
        complete -o default -F _vm_executor vm-executor
        """;

    private const string Zsh = """
        #compdef vm-executor
        # zsh completion for vm-executor. Take it into this shell: source <(vm-executor completion zsh)
        # For good: vm-executor completion zsh > /usr/local/share/zsh/site-functions/_vm-executor
        _vm_executor() {
            local line="vm-executor ${(j: :)words[2,CURRENT]}"
            local -a replies
            replies=("${(@f)$("$words[1]" "[suggest:${#line}]" "$line" 2> /dev/null)}")
            replies=(${replies:#})
            [[ $words[CURRENT] == -* ]] || replies=(${replies:#-*})
            if (( ${#replies} )); then
                compadd -- "${replies[@]}"
            else
                _files
            fi
        }
        if [[ ${funcstack[1]} == _vm-executor ]]; then
            _vm_executor "$@"
        else
            compdef _vm_executor vm-executor
        fi
        """;

    private const string Fish = """
        # fish completion for vm-executor. Take it into this shell: vm-executor completion fish | source
        # For good: vm-executor completion fish > /etc/fish/completions/vm-executor.fish
        function __vm_executor_complete
            set -l words (commandline -opc)
            set -l word (commandline -ct)
            set -l line (string join ' ' -- vm-executor $words[2..-1] $word)
            set -l length (string length -- $line)
            set -l replies ($words[1] "[suggest:$length]" $line 2> /dev/null | string match -v '')
            string match -q -- '-*' $word; or set replies (string match -v -- '-*' $replies)
            if set -q replies[1]
                string join \n -- $replies
            else
                __fish_complete_path $word
            end
        end
        complete -c vm-executor -f -a '(__vm_executor_complete)'
        """;
}
