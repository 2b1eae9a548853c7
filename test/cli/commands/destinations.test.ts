// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as they are written
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore } from '../../../src/store/open.ts'
import type { DestinationState } from '../../../src/store/store.ts'
import { manualClock } from '../../support/clock.ts'
import { withDate } from '../../support/date.ts'
import { type Receiver, startReceiver } from '../../support/receiver.ts'
import { type Ran, signalbox } from '../fake-io.ts'
import { makeProject, SOUND } from '../project-on-disk.ts'

/** The commands take the date of the process. */
const NOW = Date.UTC(2026, 0, 31, 12)
withDate(NOW)

const FILE = `# Who gets what.
version: 1
fallback: [inbox]
destinations:
  - name: inbox      # never remove
    type: console
    severities: [HIGH, CRITICAL]

  - name: archive
    type: file
    options: { path: out.ndjson }
`
/** Names \`inbox\` in metadata, a test and Python. */
const NAMING = {
  ...SOUND,
  'destinations.yaml': FILE,
  'detections/named.yml': `AnalysisType: rule
RuleID: Test.Named
Filename: named.py
Enabled: true
Severity: Low
LogTypes: [Test.Log]
OutputIds: [archive] # on purpose
`,
  'detections/named.py': 'def rule(event):\n    return True\n',
  'detections/chooses.yml': `AnalysisType: rule
RuleID: Test.Chooses
Filename: chooses.py
Enabled: true
Severity: Low
LogTypes: [Test.Log]
`,
  'detections/chooses.py':
    'from places import STORE\n\ndef rule(event):\n    return True\n\ndef destinations(event):\n    return [STORE]\n',
  'global_helpers/places.yml': 'AnalysisType: global\nGlobalID: places\nFilename: places.py\n',
  'global_helpers/places.py': '# Where things are kept.\nSTORE = "archive"\n',
  // Neither of these names a destination.
  'detections/disabled.py':
    '# not "archive"\ndef rule(event):\n    return event.get("bucket") == "archive"\n',
}
/** Where this one goes, its events say. */
const OPEN = {
  'detections/open.yml': `AnalysisType: rule
RuleID: Test.Open
Filename: open.py
Enabled: true
Severity: Low
LogTypes: [Test.Log]
`,
  'detections/open.py':
    'def rule(event):\n    return True\n\ndef destinations(event):\n    return [event.get("team")]\n',
}

let root: string
const read = (file = 'destinations.yaml') => readFileSync(join(root, file), 'utf8')
const run = (...argv: string[]): Promise<Ran> => {
  const [command = '', ...rest] = argv
  return signalbox(['destinations', command, '--project', root, ...rest])
}

describe('destinations add', () => {
  it('appends what the flags say, and leaves the rest of the file as it is', async () => {
    root = makeProject({ ...SOUND, 'destinations.yaml': FILE })
    const says =
      '--type webhook --severity high --severity CRITICAL --log-type AWS.* --alert-type ALERT --strict'
    const options = '--option url=${env:SOC_URL} --option headers.X-Key=${file:secrets/key}'
    const { code, out } = await run('add', 'soc', ...says.split(' '), ...options.split(' '))
    expect([code, out]).toEqual([0, 'added soc to destinations.yaml\n'])
    expect(read()).toBe(`${FILE}
  - name: soc
    type: webhook
    severities: [HIGH, CRITICAL]
    alertTypes: [ALERT]
    logTypes: [AWS.*]
    strict: true
    options:
      url: \${env:SOC_URL}
      headers:
        X-Key: \${file:secrets/key}
`)
  })

  it('begins the file where there is none', async () => {
    root = makeProject({})
    expect((await run('add', 'inbox', '--type', 'console', '--fallback')).code).toBe(0)
    expect(read()).toBe('version: 1\nfallback: [inbox]\ndestinations:\n  - name: inbox\n    type: console\n')
  })

  it.each<[string, string[], RegExp]>([
    [
      'a literal secret',
      ['soc', '--type', 'webhook', '--option', 'url=https://h/s3cr3t'],
      /url is a secret[\s\S]*\$\{env:SOC_URL\}/,
    ],
    [
      'a name that is taken',
      ['inbox', '--type', 'console'],
      /destinations\.yaml was not changed[\s\S]*duplicate name .*: already used as name at destinations\.yaml:/,
    ],
    ['a type that is not known', ['soc', '--type', 'webhok'], /did you mean "webhook"/],
    ['an option that is not known', ['soc', '--type', 'file', '--option', 'pth=x'], /did you mean "path"/],
    [
      'an option of the wrong form',
      ['soc', '--type', 'file', '--option', 'fsync=perhaps'],
      /fsync must be true or false/,
    ],
    ['an option that is missing', ['soc', '--type', 'file'], /the key path is missing/],
    [
      'a severity that is none',
      ['soc', '--type', 'console', '--severity', 'URGENT'],
      /invalid severity "URGENT" \[invalid-option\]/,
    ],
    ['no type and no terminal', ['soc'], /needs a name and --type, or a terminal/],
  ])('refuses %s, and changes nothing', async (_, argv, message) => {
    root = makeProject({ ...SOUND, 'destinations.yaml': FILE })
    const { code, out, err } = await run('add', ...argv)
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(message)
    expect(err).not.toContain('s3cr3t')
    expect(read()).toBe(FILE)
  })
})

describe('destinations edit', () => {
  beforeEach(() => {
    root = makeProject(NAMING)
  })

  it('changes keys in place', async () => {
    const { code } = await run(
      'edit',
      'archive',
      '--severity',
      'LOW',
      '--option',
      'path=b.ndjson',
      '--option',
      'fsync=false',
    )
    expect(code).toBe(0)
    expect(read()).toBe(
      FILE.replace(
        '    type: file\n    options: { path: out.ndjson }\n',
        '    type: file\n    severities: [LOW]\n    options: { path: b.ndjson, fsync: false }\n',
      ),
    )
    expect((await run('edit', 'archive', '--unset', 'severities', '--unset', 'options.fsync')).code).toBe(0)
    expect(read()).toBe(FILE.replace('out.ndjson', 'b.ndjson'))
  })

  it('renames: waiting deliveries follow, who still names the old one is listed', async () => {
    const { code, err } = await run('edit', 'inbox', '--new-name', 'soc inbox')
    expect(code).toBe(0)
    expect(read()).toBe(
      FILE.replace('fallback: [inbox]', 'fallback: [soc inbox]').replace(
        '- name: inbox      # never remove\n',
        '- name: soc inbox      # never remove\n    previousNames: [inbox]\n',
      ),
    )
    expect(err).toBe(
      '1 place still names inbox (--update-references changes all but Python):\n  detections/login.yml:8: ExpectedDestinations of Test.Login\n',
    )
  })

  it('changes references on demand, and says which Python to look at', async () => {
    const { out, err } = await run('edit', 'archive', '--new-name', 'store', '--update-references')
    expect(out).toBe('changed store in destinations.yaml\nchanged detections/named.yml\n')
    expect(read('detections/named.yml')).toContain('OutputIds: [store] # on purpose')
    expect(err).toBe(
      '1 place still names archive (look at these by hand):\n  global_helpers/places.py:2: destinations() of Test.Chooses\n',
    )
  })

  it('refuses what would not load', async () => {
    const { code, err } = await run('edit', 'archive', '--unset', 'options')
    expect([code, read()]).toEqual([2, FILE])
    expect(err).toContain('the key path is missing')
  })
})

describe('destinations remove', () => {
  beforeEach(() => {
    root = makeProject(NAMING)
  })

  it('refuses while a detection names it, with the list', async () => {
    const { code, err } = await run('remove', 'archive')
    expect([code, read()]).toEqual([1, FILE])
    expect(err).toBe(`archive was not removed: 2 places still name it
  detections/named.yml:7: OutputIds of Test.Named
  global_helpers/places.py:2: destinations() of Test.Chooses
hint: change them first, or remove it all the same with --force
`)
  })

  it('says which detections may name it, for all that their text tells', async () => {
    root = makeProject({ ...SOUND, ...OPEN, 'destinations.yaml': FILE })
    const { code, err } = await run('remove', 'archive')
    expect([code, err]).toEqual([
      0,
      '1 detection may name it as well, in destinations() whose result only a run tells: Test.Open\n',
    ])
  })

  it('takes it out with --force', async () => {
    expect((await run('remove', 'archive', '--force')).code).toBe(0)
    expect(read()).toBe(FILE.slice(0, FILE.indexOf('\n  - name: archive') + 1))
  })

  it('never leaves a registry that does not load, not even then', async () => {
    const { code, err } = await run('remove', 'inbox', '--force')
    expect([code, read()]).toEqual([2, FILE])
    expect(err).toContain('unknown destination "inbox"')
  })
})

describe('destinations list', () => {
  it('tells what each takes, its state and who reaches it', async () => {
    root = makeProject({
      ...NAMING,
      ...OPEN,
      'destinations.yaml': `${FILE}  - name: off\n    type: console\n    enabled: false\n    alertTypes: [ALERT, SYSTEM_ERROR]\n    logTypes: [AWS.*]\n    strict: true\n`,
    })
    const { code, out } = await run('list')
    expect(code).toBe(0)
    expect(out).toBe(
      [
        'NAME     TYPE     SEVERITIES     FILTERS                            STATE              DETECTIONS',
        'inbox    console  HIGH CRITICAL  -                                  enabled, fallback  1 to 2',
        'archive  file     -              -                                  enabled            2 to 3',
        'off      console  -              ALERT SYSTEM_ERROR; AWS.*; strict  disabled           0',
        '',
      ].join('\n'),
    )
  })

  it('shows a pause from the store, and in JSON how many detections reach a destination', async () => {
    root = makeProject({ ...NAMING, ...OPEN })
    await pauseInStore('inbox')
    const { destinations } = JSON.parse((await run('list', '--format', 'json')).out)
    expect(destinations[0]).toMatchObject({
      name: 'inbox',
      fallback: true,
      detections: { certain: 1, possible: 1 },
      paused: { since: '2026-01-01T00:00:00.000Z', reason: '401' },
    })
    expect(destinations[1].paused).toBeNull()
  })

  it('tells what fails, until when it is held, and what waits for it', async () => {
    root = makeProject(NAMING)
    await pauseInStore('inbox')
    await changeInStore('archive', { failures: 6, heldUntil: NOW + 3_600_000 })
    const [, inbox, archive] = (await run('list')).out.split('\n')
    expect(inbox).toMatch(/paused since 2026-01-01 00:00:00Z \(401\), fallback +0 +0 +1$/)
    expect(archive).toMatch(/6 failures in a row, next try 2026-01-31 13:00:00Z/)
    const { destinations } = JSON.parse((await run('list', '--format', 'json')).out)
    expect(destinations[1]).toMatchObject({ failures: 6, backlog: { waiting: 0, dead: 0 } })
  })
})

async function changeInStore(destination: string, change: Partial<DestinationState>) {
  const store = await openStore('sqlite:.signalbox/signalbox.db', {
    clock: manualClock(NOW),
    projectRoot: root,
  })
  const { value, version } = await store.destinationState(destination)
  const after = { ...value, ...change }
  await store.setDestinationState(destination, after, version)
  await store.close()
  return after
}

async function pauseInStore(destination: string): Promise<void> {
  const pausedAt = Date.UTC(2026, 0, 1)
  await changeInStore(destination, { pausedAt, pausedReason: '401', probeAt: pausedAt + 9e12 })
}

describe('destinations resume', () => {
  it('has a paused one tried at once, and leaves the pause to the probe', async () => {
    root = makeProject(NAMING)
    await pauseInStore('inbox')
    expect((await run('resume', 'inbox')).code).toBe(0)
    const store = await openStore('sqlite:.signalbox/signalbox.db', {
      clock: manualClock(NOW),
      projectRoot: root,
    })
    const { value } = await store.destinationState('inbox')
    await store.close()
    expect(value.pausedAt).toBe(Date.UTC(2026, 0, 1))
    expect(value.probeAt).toBe(NOW)
    const other = await run('resume', 'archive')
    expect([other.code, other.err]).toEqual([1, 'archive is neither paused nor held\n'])
  })

  it('ends the wait of a held one', async () => {
    root = makeProject(NAMING)
    await changeInStore('inbox', { failures: 7, heldUntil: NOW + 3_600_000 })
    const { code, out } = await run('resume', 'inbox')
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/^inbox is tried at once .*; it was held until 2026-01-31 13:00:00Z/),
    ])
    expect(await changeInStore('inbox', {})).toMatchObject({ failures: 7, heldUntil: null })
  })
})

describe('destinations test', () => {
  let receiver: Receiver
  const SECRET = 'tok-0123456789abcdef'
  beforeEach(async () => {
    receiver = await startReceiver()
    root = makeProject({
      'destinations.yaml': `version: 1
destinations:
  - name: soc
    type: webhook
    enabled: false
    severities: [CRITICAL]
    alertTypes: [POLICY]
    strict: true
    options: { url: "${receiver.url}/\${file:token}" }
  - name: out
    type: file
    options: { path: out.ndjson }
`,
      token: `${SECRET}\n`,
    })
  })
  afterEach(() => receiver.close())

  it('sends the documented alert, whatever the filters are', async () => {
    receiver.expect(1)
    receiver.always({ status: 200, body: `thanks for ${SECRET}` })
    const { code, out } = await run('test', 'soc')
    expect(code).toBe(0)
    expect(out).toMatch(/^soc: delivered in \d+ ms: 200: thanks for <secret>\n$/)
    expect(Object.entries(JSON.parse(receiver.requests[0]!.body))).toEqual([
      ['id', 'Test.Alert'],
      ['createdAt', expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/)],
      ['severity', 'INFO'],
      ['type', 'RULE'],
      ['link', ''],
      ['title', 'This is a Test Alert'],
      ['name', 'Test Alert'],
      ['alertId', 'Test.Alert'],
      ['alertContext', {}],
      ['description', 'This is a Test Alert'],
      ['runbook', expect.any(String)],
      ['tags', ['test']],
      ['version', 'abcdefg'],
    ])
  })

  it.each<[string, Parameters<Receiver['always']>[0], RegExp]>([
    [
      '400 with a body',
      { status: 400, body: `bad ${SECRET}` },
      /^soc: failed in \d+ ms: 400: bad <secret>\n$/,
    ],
    ['500', { status: 500 }, /^soc: failed in \d+ ms: 500\n$/],
    [
      'nothing, ever',
      { fault: 'silent' },
      /^soc: failed in \d+ ms: http:\/\/127\.0\.0\.1:\d+: no answer within 200 ms\n$/,
    ],
  ])('tells an answer of %s, after one attempt', async (_, answer, expected) => {
    receiver.expect(1)
    receiver.always(answer)
    const { code, out } = await run('test', 'soc', '--timeout', '200ms')
    expect(code).toBe(1)
    expect(out).toMatch(expected)
  })

  it('--all tries the enabled ones', async () => {
    const { code, out } = await run('test', '--all', '--format', 'json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ version: 1, tests: [{ destination: 'out', delivered: true }] })
    expect(existsSync(join(root, 'out.ndjson'))).toBe(true)
  })

  it('tells a secret that is missing', async () => {
    writeFileSync(join(root, 'token'), '')
    const { code, out } = await run('test', 'soc')
    expect(code).toBe(1)
    expect(out).toContain('${file:token} is empty')
  })

  it('answers an unknown name with the nearest', async () => {
    const { code, err } = await run('test', 'sok')
    expect([code, err]).toEqual([2, expect.stringContaining('did you mean "soc"?')])
  })
})
