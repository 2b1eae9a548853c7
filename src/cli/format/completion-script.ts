/** Generates the scripts that complete commands, options and their values in a shell. Pure. */
import type { Suggestions } from '../command/options.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const

/** The completions after one command. */
export interface Completion {
  /** The words of the command, for example `alerts list`. */
  readonly path: string
  readonly summary: string
  /** The names of the subcommands. */
  readonly commands: readonly string[]
  /** The options, such as `--filter`, with the completions of their values. */
  readonly options: readonly { readonly name: string; readonly values?: Suggestions | undefined }[]
  /** The completions of the first argument, or of every argument if it is repeatable. */
  readonly argument?: { readonly values: Suggestions; readonly isRepeatable: boolean } | undefined
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

/** @returns the words, or a call that gets them from the command. */
function bashWords(values: Suggestions): string {
  return typeof values === 'string' ? `"$(_signalbox_values ${values})"` : `'${values.join(' ')}'`
}

/** All variables have a prefix, because in zsh `path`, `words`, `status`, `options` and `functions` belong to the shell. */
function bash(completions: readonly Completion[]): string {
  const commands = completions.filter(isTop).map(({ path }) => path)
  return `# Completion of signalbox for bash: source it, or put it into bash-completion's folder.
_signalbox_values() {
  "\${COMP_WORDS[0]}" completion --values "$1" 2>/dev/null
}
_signalbox() {
  local _sb_current="\${COMP_WORDS[COMP_CWORD]}" _sb_previous="\${COMP_WORDS[COMP_CWORD-1]}" _sb_path='' _sb_words='' _sb_at
  for ((_sb_at = 1; _sb_at < COMP_CWORD; _sb_at++)); do
    [[ \${COMP_WORDS[_sb_at]} == -* || $_sb_at -gt 2 ]] && break
    _sb_path="\${_sb_path:+$_sb_path }\${COMP_WORDS[_sb_at]}"
  done
  case "$_sb_path" in
    '') _sb_words='${commands.join(' ')}' ;;
${completions.map((each) => bashArm(each, '    ')).join('\n')}
    *) case "\${_sb_path%% *}" in
${completions
  .filter(isTop)
  .map((each) => bashArm(each, '      '))
  .join('\n')}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$_sb_words" -- "$_sb_current"))
}
complete -o default -F _signalbox signalbox
`
}

function bashArm({ path, commands, options, argument }: Completion, indent: string): string {
  const names = options.map(({ name }) => name)
  const valued = options.flatMap(({ name, values }) =>
    values === undefined ? [] : [`      ${name}) _sb_words=${bashWords(values)} ;;`],
  )
  const position = path.split(' ').length + 1
  const lines = [
    `'${path}')`,
    `  _sb_words='${[...commands, ...names].join(' ')}'`,
    ...(argument
      ? [
          `  [[ $_sb_current != -* && COMP_CWORD -${argument.isRepeatable ? 'ge' : 'eq'} ${position} ]] && _sb_words=${bashWords(argument.values)}`,
        ]
      : []),
    ...(valued.length > 0
      ? ['  case "$_sb_previous" in', ...valued.map((line) => line.slice(2)), '  esac']
      : []),
    '  ;;',
  ]
  return lines.map((line) => `${indent}${line}`).join('\n')
}

function fishWords(values: Suggestions): string {
  return typeof values === 'string'
    ? `'(signalbox completion --values ${values} 2>/dev/null)'`
    : `'${values.join(' ')}'`
}

function fish(completions: readonly Completion[]): string {
  const lines = completions.flatMap((completion) => {
    const { path, summary, commands, options, argument } = completion
    const [command = '', sub] = path.split(' ')
    const at = sub
      ? `"__fish_seen_subcommand_from ${command}; and __fish_seen_subcommand_from ${sub}"`
      : `"__fish_seen_subcommand_from ${command}"`
    return [
      ...(isTop(completion)
        ? [`complete -c signalbox -n __fish_use_subcommand -f -a ${command} -d '${quoted(summary)}'`]
        : []),
      ...commands.map((word) => `complete -c signalbox -n ${at} -f -a ${word}`),
      ...(argument ? [`complete -c signalbox -n ${at} -f -a ${fishWords(argument.values)}`] : []),
      ...options.map(
        ({ name, values }) =>
          `complete -c signalbox -n ${at} -l ${name.slice(2)}${values === undefined ? '' : ` -x -a ${fishWords(values)}`}`,
      ),
    ]
  })
  return `# Completion of signalbox for fish: put it into ~/.config/fish/completions/signalbox.fish.\n${lines.join('\n')}\n`
}

function quoted(text: string): string {
  return text.replaceAll("'", "\\'")
}
