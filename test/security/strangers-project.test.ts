/** A stranger's pull request is tested and explained without importing its modules or reading what lies outside of it. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ended, runCommand } from '../support/process.ts'
import { seededCache } from '../support/seeded-cache.ts'

const SECRET = `secret-${crypto.randomUUID()}`

let outside: string
let cache: string
beforeAll(() => {
  outside = mkdtempSync(join(tmpdir(), 'signalbox-stranger-'))
  cache = join(outside, 'cache')
  seededCache(join(cache, 'signalbox', 'snapshots'))
  writeFileSync(join(outside, 'secret'), SECRET)
  writeFileSync(join(outside, 'body.py'), `# ${SECRET}\ndef rule(event) return True\n`)
  writeFileSync(join(outside, 'evil.mjs'), evilModule())
})
afterAll(() => rmSync(outside, { recursive: true }))

const canary = () => join(outside, 'canary')

/** A module that leaves a trace when it is imported. */
function evilModule(): string {
  return `import { writeFileSync } from 'node:fs'
writeFileSync(${JSON.stringify(canary())}, 'imported')
export default {
  type: 'evil', summary: 'evil', options: { type: 'object', properties: {} },
  payload: () => ({}),
  async send() { return { message: 'sent' } },
}
`
}

const RULE = {
  'detections/it.yml': `AnalysisType: rule
RuleID: It
Filename: it.py
Enabled: true
Severity: High
LogTypes: [A]
Tests:
  - Name: matches
    ExpectedResult: true
    Log: {}
`,
  'detections/it.py': 'def rule(event): return True\ndef title(event): return "title"\n',
}

const registry = (type: string, options = '{}') => ({
  'destinations.yaml': `version: 1
fallback: [inbox]
destinations:
  - { name: inbox, type: console }
  - { name: own, type: ${JSON.stringify(type)}, severities: [HIGH], options: ${options} }
`,
})

function project(files: Record<string, string>): string {
  const root = mkdtempSync(join(outside, 'project-'))
  for (const [path, text] of Object.entries({ 'signalbox.yaml': 'workers: 1\n', ...RULE, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

const environment = () => ({ STRANGER_SECRET: SECRET, XDG_CACHE_HOME: cache })
const looking = (root: string) => [
  ['validate', '--project', root],
  ['test', '--project', root],
  ['explain', '--project', root, '--detection', 'It', '--test', 'matches'],
]
const run = (root: string, ...more: string[]) =>
  runCommand(
    ['run', '--project', root, '--from', 'stdin?logType=A', '--store', 'memory:', ...more],
    '{}\n',
    environment(),
  )

/** The first command runs alone, because it makes the snapshot from which the others start. */
async function look(root: string): Promise<Ended[]> {
  const start = (command: string[]) => runCommand(command, '', environment())
  const [first, ...others] = looking(root)
  return [await start(first!), ...(await Promise.all(others.map(start)))]
}

describe('[SEC-5.4] a local destination type', () => {
  it.each([
    ['./evil.mjs', '.'],
    ['evil-package', 'node_modules/evil-package'],
  ])('%s: no command imports a local destination type, unless it is allowed', async (type, folder) => {
    const manifest = JSON.stringify({ name: 'evil-package', exports: './evil.mjs' })
    const files = { [`${folder}/package.json`]: manifest, [`${folder}/evil.mjs`]: evilModule() }
    const root = project({ ...registry(type), ...files })
    await look(root)
    const refused = await run(root)
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('--allow-local-types')])
    expect(existsSync(canary())).toBe(false)

    const allowed = await run(root, '--allow-local-types')
    expect(allowed.code).toBe(0)
    expect(existsSync(canary())).toBe(true)
    rmSync(canary())

    await runCommand(['validate', '--project', root, '--allow-local-types'], '', environment())
    expect(existsSync(canary())).toBe(true)
    rmSync(canary())
  })

  it.each([
    ['a path out of the bundled types', '../../../../../../../../OUTSIDE/evil.mjs'],
    ['a path that passes as a bundled type', 'console/../../../../../../../../../OUTSIDE/evil'],
    ['an absolute path', 'OUTSIDE/evil.mjs'],
    ['a file address', 'file://OUTSIDE/evil.mjs'],
    ['code in an address', 'data:text/javascript,process.exit(99)'],
  ])('given as %s is refused', async (_, type) => {
    const { code } = await run(project(registry(type.replace('OUTSIDE', outside))))
    expect(code).toBe(2)
    expect(existsSync(canary())).toBe(false)
  })
})

describe('[SEC-5.5] a secret', () => {
  // The text is a reference of the registry, not a placeholder of this file.
  const reference = (kind: string, name: string) => ['$', `{${kind}:${name}}`].join('')
  const webhook = (name: string, of: string) =>
    `  - { name: ${name}, type: webhook, severities: [HIGH], options: { url: 'https://127.0.0.1:9/${of}' } }\n`

  it('no inspecting command shows a secret, and `run` reads no file outside the project', async () => {
    const destinations = [
      webhook('above', reference('file', '../secret')),
      webhook('absolute', reference('file', join(outside, 'secret'))),
      webhook('linked', reference('file', 'link')),
      webhook('environment', reference('env', 'STRANGER_SECRET')),
    ]
    const root = project({ 'destinations.yaml': `version: 1\ndestinations:\n${destinations.join('')}` })
    symlinkSync(join(outside, 'secret'), join(root, 'link'))
    const ends = await look(root)
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0])
    for (const { out, err } of ends) expect(out + err).not.toContain(SECRET)

    const { code, err } = await run(root)
    expect(code).toBe(2)
    const refused = ['above', 'absolute', 'linked', 'environment'].filter((name) =>
      new RegExp(`${name}:.*outside the project`).test(err),
    )
    expect(refused).toEqual(['above', 'absolute', 'linked'])
  })
})

describe('[SEC-5.6] a body outside the project', () => {
  it.each([
    ['named by a path', (_root: string) => '../../body.py'],
    ['named by its whole path', () => join(outside, 'body.py')],
    [
      'behind a link',
      (root: string) => {
        symlinkSync(join(outside, 'body.py'), join(root, 'detections', 'link.py'))
        return 'link.py'
      },
    ],
  ])('%s is not read, so no error quotes it', async (_, filename) => {
    const root = project({})
    const spec = RULE['detections/it.yml'].replace('it.py', filename(root))
    writeFileSync(join(root, 'detections', 'it.yml'), spec)
    const { code, out, err } = await runCommand(['test', '--project', root], '', environment())
    expect(code).not.toBe(0)
    expect(out + err).not.toContain(SECRET)
  })
})
