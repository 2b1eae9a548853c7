import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { type Completion, completionScript } from '../../src/cli/_completion-script.ts'
import { signalbox } from './fake-io.ts'

const completions: Completion[] = [
  { path: 'test', summary: "a detection's tests", words: ['--filter', '--watch'] },
  { path: 'alerts', summary: 'alerts', words: ['list', 'show'] },
  { path: 'alerts list', summary: 'all', words: ['--since'] },
]

/** What bash offers once `words` are typed and the last of them is being completed. */
function offered(words: readonly string[]): string[] {
  const list = words.map((word) => `'${word}'`).join(' ')
  const ask = `COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _signalbox; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr } = spawnSync('bash', ['-c', `${completionScript('bash', completions)}\n${ask}`], {
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  return stdout.trim().split('\n')
}

describe('bash', () => {
  it.each<[string[], string[]]>([
    [
      ['signalbox', ''],
      ['test', 'alerts'],
    ],
    [['signalbox', 'al'], ['alerts']],
    [
      ['signalbox', 'alerts', ''],
      ['list', 'show'],
    ],
    [['signalbox', 'alerts', 'list', '--'], ['--since']],
    [['signalbox', 'test', '--w'], ['--watch']],
    [['signalbox', 'test', 'rules', '--f'], ['--filter']],
  ])('%j offers %j', (words, expected) => {
    expect(offered(words)).toEqual(expected)
  })
})

it('fish gets one line per word, quotes escaped', () => {
  const lines = completionScript('fish', completions).split('\n')
  expect(lines).toContain(
    "complete -c signalbox -n __fish_use_subcommand -f -a test -d 'a detection\\'s tests'",
  )
  expect(lines).toContain('complete -c signalbox -n "__fish_seen_subcommand_from test" -l filter')
  expect(lines).toContain(
    'complete -c signalbox -n "__fish_seen_subcommand_from alerts; and __fish_seen_subcommand_from list" -l since',
  )
})

it.each(['bash', 'zsh', 'fish'])('the script for %s knows the declared options', async (shell) => {
  const { code, out } = await signalbox(['completion', shell])
  expect(code).toBe(0)
  expect(out).toContain('minimum-tests')
  expect(out).toContain('all-dead')
})
