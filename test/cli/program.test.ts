/** How the program finds a command, and what it answers to wrong use. */
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../src/cli/command-map.ts'
import { signalbox } from './fake-io.ts'

const src = join(import.meta.dirname, '../../src')

describe('help', () => {
  it.each([['--help'], ['-h'], ['help']])(
    '%s lists every command, and nothing that does not exist',
    async (word) => {
      const { code, out, err } = await signalbox([word])
      expect(code).toBe(0)
      expect(err).toBe('')
      const listed = [...out.matchAll(/^ {2}([a-z]+) {2}/gm)].map(([, name]) => name)
      expect(listed).toEqual(Object.keys(COMMANDS))
    },
  )

  it('the help imports no large module', () => {
    const seen = new Set<string>()
    const visit = (path: string) => {
      if (seen.has(path)) return
      seen.add(path)
      const text = readFileSync(join(src, path), 'utf8')
      for (const [, type, name] of text.matchAll(/^(?:import|export) (type )?[^;]*?from '(\.[^']+)'/gms))
        if (!type) visit(relative(src, join(src, dirname(path), name!)))
    }
    visit('main.ts')
    expect(
      [...seen].filter(
        (path) => !/^(main|errors|version)\.ts$|^cli\/(command\/command|prewarm|command-map)\.ts$/.test(path),
      ),
    ).toEqual([])
  })

  it('without a command the help is printed to standard error, and the exit code is 2', async () => {
    const { code, out, err } = await signalbox([])
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain('Usage: signalbox COMMAND')
  })

  it.each([[['test', '--help']], [['help', 'test']]])('%j shows the options of a command', async (argv) => {
    const { code, out } = await signalbox(argv)
    expect(code).toBe(0)
    expect(out).toContain('Usage: signalbox test [options] [paths...]')
    expect(out).toContain('--minimum-tests <n>')
    expect(out).toMatch(/Options of every command:\n\s+--project <dir>/)
  })

  it('the help of a group lists its commands', async () => {
    const { code, out } = await signalbox(['alerts', '--help'])
    expect(code).toBe(0)
    expect(out).toMatch(/Commands:\n {2}list .*\n {2}search .*\n {2}show .*/)
  })
})

it('--version prints the version of the package', async () => {
  const manifest = JSON.parse(readFileSync(join(src, '../package.json'), 'utf8')) as { version: string }
  expect(await signalbox(['--version'])).toEqual({ code: 0, out: `${manifest.version}\n`, err: '' })
})

describe('wrong use ends with 2, says what was meant, and prints nothing to standard output', () => {
  it.each<[string[], string, string]>([
    [['validat'], 'unknown command "validat"', 'did you mean "validate"?'],
    [['tset'], 'unknown command "tset"', 'did you mean "test"?'],
    [['zzzzzz'], 'unknown command "zzzzzz"', 'known: init, new, validate, test'],
    [['constructor'], 'unknown command "constructor"', 'known: '],
    [['--project', 'x', 'test'], 'option --project must follow the command', 'COMMAND [options]'],
    [['alerts'], 'alerts requires a command', 'one of: list, search, show'],
    [['alerts', 'lst'], 'unknown command "alerts lst"', 'did you mean "list"?'],
    [['test', '--fliter', 'a=b'], "unknown option '--fliter'", 'did you mean --filter?'],
    [['validate', '--format', 'xml'], "argument 'xml' is invalid", 'see signalbox validate --help'],
    [['validate', 'rules'], 'too many arguments', 'see signalbox validate --help'],
    [['alerts', 'show'], "missing required argument 'id'", 'see signalbox alerts show --help'],
    [['alerts', 'list', '--since', 'yesterday'], "'--since <time>' argument 'yesterday' is invalid", 'see '],
    [['alerts', 'list', '--severity', 'huge'], "argument 'huge' is invalid", 'see '],
    [['alerts', 'list', '--limit', '0'], "argument '0' is invalid", 'see '],
    [['test', '--minimum-tests', '1.5'], "argument '1.5' is invalid", 'see '],
    [
      ['test', '--filter', 'Severty=High'],
      'unknown key in the filter "Severty=High"',
      'did you mean "Severity"?',
    ],
    [['test', '--reporter', 'junt'], 'unknown reporter "junt"', 'one of: pretty, json'],
    [['test', '--reporter', 'pretty', '--reporter', 'json'], 'only one reporter can write', 'NAME=FILE'],
    [['explain'], 'explain requires --detection ID', ''],
    [['explain', '--detection', 'A'], 'either --test NAME or --event FILE', ''],
    [['deliveries', 'retry'], 'requires either ids, --destination NAME or --all-dead', ''],
    [['deliveries', 'retry', 'abc', '--all-dead'], 'requires either ids', ''],
    [['completion', 'tcsh'], 'unknown shell "tcsh"', 'one of: bash, zsh, fish'],
  ])('%j', async (argv, message, hint) => {
    const { code, out, err } = await signalbox(argv)
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(/^signalbox: /)
    expect(err).toContain(message)
    expect(err).toContain(hint)
  })
})
