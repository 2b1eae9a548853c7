/** The scripts that complete commands and options in a shell. Pure. */

export const SHELLS = ['bash', 'zsh', 'fish'] as const

/** What may follow a command: its options, or the commands below it. */
export interface Completion {
  /** `test`, `alerts`, `alerts list`. */
  readonly path: string
  readonly summary: string
  readonly words: readonly string[]
}

export function completionScript(shell: (typeof SHELLS)[number], completions: readonly Completion[]): string {
  switch (shell) {
    case 'bash':
      return bash(completions)
    case 'zsh':
      // zsh runs bash completions as they are.
      return `#compdef signalbox\nautoload -U +X bashcompinit && bashcompinit\n${bash(completions)}`
    case 'fish':
      return fish(completions)
  }
}

function isTop({ path }: Completion): boolean {
  return !path.includes(' ')
}

function bash(completions: readonly Completion[]): string {
  const cases = completions.map(({ path, words }) => `    '${path}') words='${words.join(' ')}' ;;`)
  const commands = completions.filter(isTop).map(({ path }) => path)
  return `# Completion of signalbox for bash: source it, or put it into bash-completion's folder.
_signalbox() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' words='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ \${COMP_WORDS[i]} == -* || $i -gt 2 ]] && break
    path="\${path:+$path }\${COMP_WORDS[i]}"
  done
  case "$path" in
    '') words='${commands.join(' ')}' ;;
${cases.join('\n')}
    *) case "\${path%% *}" in
${completions
  .filter(isTop)
  .map(({ path, words }) => `      '${path}') words='${words.join(' ')}' ;;`)
  .join('\n')}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _signalbox signalbox
`
}

function fish(completions: readonly Completion[]): string {
  const lines = completions.flatMap((completion) => {
    const { path, summary, words } = completion
    const [command = '', sub] = path.split(' ')
    const at = sub
      ? `"__fish_seen_subcommand_from ${command}; and __fish_seen_subcommand_from ${sub}"`
      : `"__fish_seen_subcommand_from ${command}"`
    const self = isTop(completion)
      ? [`complete -c signalbox -n __fish_use_subcommand -f -a ${command} -d '${quoted(summary)}'`]
      : []
    return [
      ...self,
      ...words.map((word) =>
        word.startsWith('--')
          ? `complete -c signalbox -n ${at} -l ${word.slice(2)}`
          : `complete -c signalbox -n ${at} -f -a ${word}`,
      ),
    ]
  })
  return `# Completion of signalbox for fish: put it into ~/.config/fish/completions/signalbox.fish.\n${lines.join('\n')}\n`
}

function quoted(text: string): string {
  return text.replaceAll("'", "\\'")
}
