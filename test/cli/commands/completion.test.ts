import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { type Completion, completionScript } from '../../../src/cli/format/completion-script.ts'
import { signalbox } from '../fake-io.ts'
import { makeProject, SOUND } from '../project-on-disk.ts'

const completions: Completion[] = [
  {
    path: 'test',
    summary: "a detection's tests",
    commands: [],
    options: [{ name: '--filter' }, { name: '--watch' }, { name: '--format', values: ['pretty', 'json'] }],
  },
  { path: 'alerts', summary: 'alerts', commands: ['list', 'show'], options: [] },
  {
    path: 'alerts list',
    summary: 'all',
    commands: [],
    options: [{ name: '--since' }, { name: '--detection', values: 'detections' }],
  },
  {
    path: 'new',
    summary: 'new',
    commands: [],
    options: [{ name: '--type' }],
    argument: { values: ['rule', 'policy'], isRepeatable: false },
  },
  {
    path: 'destinations test',
    summary: 'test',
    commands: [],
    options: [{ name: '--all' }],
    argument: { values: 'destinations', isRepeatable: true },
  },
]

/** A shell function that replaces the command when the script asks it for values. */
const COMMAND = 'signalbox() { [[ $1 == completion ]] && echo "of-$3 another"; }'

/** Returns the words that bash offers when the last of `words` is completed. */
function offered(words: readonly string[]): string[] {
  const list = words.map((word) => `'${word}'`).join(' ')
  const ask = `COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _signalbox; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr } = spawnSync(
    'bash',
    ['-c', `${COMMAND}\n${completionScript('bash', completions)}\n${ask}`],
    {
      encoding: 'utf8',
    },
  )
  expect(stderr).toBe('')
  return stdout.trim().split('\n')
}

describe('bash', () => {
  it.each<[string[], string[]]>([
    [
      ['signalbox', ''],
      ['test', 'alerts', 'new'],
    ],
    [['signalbox', 'al'], ['alerts']],
    [
      ['signalbox', 'alerts', ''],
      ['list', 'show'],
    ],
    [
      ['signalbox', 'alerts', 'list', '--'],
      ['--since', '--detection'],
    ],
    [
      ['signalbox', 'test', '--format', ''],
      ['pretty', 'json'],
    ],
    [['signalbox', 'alerts', 'list', '--detection', 'of'], ['of-detections']],
    [
      ['signalbox', 'new', ''],
      ['rule', 'policy'],
    ],
    [['signalbox', 'new', '--'], ['--type']],
    [['signalbox', 'new', 'rule', ''], ['--type']],
    [
      ['signalbox', 'destinations', 'test', 'one', ''],
      ['of-destinations', 'another'],
    ],
    [['signalbox', 'test', '--w'], ['--watch']],
    [['signalbox', 'test', 'rules', '--fi'], ['--filter']],
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
  expect(lines).toContain('complete -c signalbox -n "__fish_seen_subcommand_from new" -f -a \'rule policy\'')
  expect(lines).toContain(
    'complete -c signalbox -n "__fish_seen_subcommand_from alerts; and __fish_seen_subcommand_from list" -l detection -x -a \'(signalbox completion --values detections 2>/dev/null)\'',
  )
})

it.each(['bash', 'zsh', 'fish'])('the script for %s knows the declared options', async (shell) => {
  const { code, out } = await signalbox(['completion', shell])
  expect(code).toBe(0)
  expect(out).toContain('minimum-tests')
  expect(out).toContain('all-dead')
  expect(out).toContain('rule policy helper data-model')
  expect(out).toContain('completion --values')
})

it.each([
  ['detections', ['Test.Disabled', 'Test.Login']],
  ['destinations', ['inbox', 'archive']],
  ['schemas', ['detection', 'expectations', 'destinations', 'silences', 'settings']],
])('--values %s prints what the project has', async (kind, expected) => {
  const { code, out } = await signalbox(['completion', '--values', kind, '--project', makeProject(SOUND)])
  expect([code, out.trim().split('\n')]).toEqual([0, expected])
})

it('--values types prints every bundled type', async () => {
  const { out } = await signalbox(['completion', '--values', 'types'])
  expect(out.split('\n')).toEqual(expect.arrayContaining(['console', 'slack', 'webhook']))
})
