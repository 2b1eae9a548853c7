// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as they are written
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore } from '../../../src/store/open.ts'
import type { DestinationState } from '../../../src/store/store.ts'
import { manualClock } from '../../support/clock.ts'
import { withDate } from '../../support/date.ts'
import { type Receiver, startReceiver } from '../../support/receiver.ts'
import { alert, delivered, delivery, expecting, plan, subscription } from '../../support/store-rows.ts'
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
/** The destination of this detection depends on its events. */
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
  it('destinations add appends a destination and keeps the rest of the file', async () => {
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

  it('destinations add creates a missing file', async () => {
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
    ['no type and no terminal', ['soc'], /requires a name and --type, or a terminal/],
  ])('destinations add rejects %s and changes nothing', async (_, argv, message) => {
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

  it('destinations edit changes keys in place', async () => {
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

  it('destinations edit --new-name moves waiting deliveries and lists the references to the old name', async () => {
    const { code, err } = await run('edit', 'inbox', '--new-name', 'soc inbox')
    expect(code).toBe(0)
    expect(read()).toBe(
      FILE.replace('fallback: [inbox]', 'fallback: [soc inbox]').replace(
        '- name: inbox      # never remove\n',
        '- name: soc inbox      # never remove\n    previousNames: [inbox]\n',
      ),
    )
    expect(err).toBe(
      '1 place still references inbox (--update-references changes all but Python):\n  detections/login.yml:8: ExpectedDestinations of Test.Login\n',
    )
  })

  it('destinations edit --update-references changes references and lists those in Python', async () => {
    const { out, err } = await run('edit', 'archive', '--new-name', 'store', '--update-references')
    expect(out).toBe('changed store in destinations.yaml\nchanged detections/named.yml\n')
    expect(read('detections/named.yml')).toContain('OutputIds: [store] # on purpose')
    expect(err).toBe(
      '1 place still references archive (change these by hand):\n  global_helpers/places.py:2: destinations() of Test.Chooses\n',
    )
  })

  it('destinations edit rejects a change that would not load', async () => {
    const { code, err } = await run('edit', 'archive', '--unset', 'options')
    expect([code, read()]).toEqual([2, FILE])
    expect(err).toContain('the key path is missing')
  })
})

describe('destinations remove', () => {
  beforeEach(() => {
    root = makeProject(NAMING)
  })

  it('destinations remove exits with 1 and lists the references while there are any', async () => {
    const { code, err } = await run('remove', 'archive')
    expect([code, read()]).toEqual([1, FILE])
    expect(err).toBe(`archive was not removed: 2 places still reference it
  detections/named.yml:7: OutputIds of Test.Named
  global_helpers/places.py:2: destinations() of Test.Chooses
hint: change these first, or use --force
`)
  })

  it('destinations remove lists detections whose references are known only at run time', async () => {
    root = makeProject({ ...SOUND, ...OPEN, 'destinations.yaml': FILE })
    const { code, err } = await run('remove', 'archive')
    expect([code, err]).toEqual([
      0,
      '1 more detection may return it from destinations(), which is known only at run time: Test.Open\n',
    ])
  })

  it('destinations remove --force removes a referenced destination', async () => {
    expect((await run('remove', 'archive', '--force')).code).toBe(0)
    expect(read()).toBe(FILE.slice(0, FILE.indexOf('\n  - name: archive') + 1))
  })

  it('destinations remove --force never leaves an invalid registry', async () => {
    const { code, err } = await run('remove', 'inbox', '--force')
    expect([code, read()]).toEqual([2, FILE])
    expect(err).toContain('unknown destination "inbox"')
  })
})

describe('destinations list', () => {
  it('destinations list shows filters, state and number of detections', async () => {
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

  it('destinations list shows a pause from the store, and the JSON has the number of detections', async () => {
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

  it('destinations list shows failures, the end of a wait, and the backlog', async () => {
    root = makeProject(NAMING)
    await pauseInStore('inbox')
    await changeInStore('archive', { failures: 6, heldUntil: NOW + 3_600_000 })
    const [, inbox, archive] = (await run('list')).out.split('\n')
    expect(inbox).toMatch(/paused since 2026-01-01 00:00:00Z, fallback +0 +0 +1$/)
    expect(archive).toMatch(/6 failures in a row, next try 2026-01-31 13:00:00Z/)
    const { destinations } = JSON.parse((await run('list', '--format', 'json')).out)
    expect(destinations[1]).toMatchObject({ failures: 6, backlog: { waiting: 0, scheduled: 0, dead: 0 } })
  })

  it('destinations list shows the whole reason of a pause below the table, and what to do', async () => {
    root = makeProject(NAMING)
    const reason = `301: redirects to https://api.github.com/repositories/1296269/issues, ${'and so on, '.repeat(20)}\u001b[2J`
    await pauseInStore('inbox', reason)
    const { out } = await run('list')
    expect(out).toContain(`\ninbox is paused: ${reason.replace('\u001b', '\\u001b')}\n  hint: `)
    expect(out).toMatch(/hint: .*signalbox destinations resume inbox\n$/)
    expect(out).not.toContain('archive is paused')
  })

  it('destinations list counts updates whose time comes later apart from deliveries that wait', async () => {
    root = makeProject(NAMING)
    const store = await openStore('sqlite:.signalbox/signalbox.db', {
      clock: manualClock(NOW),
      projectRoot: root,
    })
    await store.reconcile({
      knownKeys: ['archive'],
      renames: [],
      subscriptions: [subscription('archive', { repeatEveryMs: 3_600_000 })],
    })
    const destinationKey = 'archive'
    const first = delivery('d1', { destinationKey, destination: 'archive', createdAt: NOW })
    await store.commit(plan({ alerts: [alert('a1')], deliveries: [first] }), expecting())
    const [claimed] = await store.claim({ destinationKeys: ['archive'], limit: 1, leaseMs: 1_000 })
    await store.recordOutcome('d1', claimed!.leaseToken, delivered)
    const merge = { alertId: 'a1', events: 1, lastEventAt: NOW, logTypes: [] }
    await store.commit(plan({ merges: [merge] }), expecting())
    await store.close()
    const [header, , archive] = (await run('list')).out.split('\n')
    expect(header).toMatch(/WAITING +SCHEDULED +DEAD +DETECTIONS$/)
    expect(archive).toMatch(/enabled +0 +1 +0 +\d+$/)
    const { destinations } = JSON.parse((await run('list', '--format', 'json')).out)
    expect(destinations[1].backlog).toEqual({ waiting: 0, scheduled: 1, dead: 0 })
  })
})

async function changeInStore(destination: string, change: Partial<DestinationState>) {
  const store = await openStore('sqlite:.signalbox/signalbox.db', {
    clock: manualClock(NOW),
    projectRoot: root,
  })
  const { after } = await store.changeDestinationState(destination, (state) => ({ ...state, ...change }))
  await store.close()
  return after
}

async function pauseInStore(destination: string, pausedReason = '401'): Promise<void> {
  const pausedAt = Date.UTC(2026, 0, 1)
  await changeInStore(destination, { pausedAt, pausedReason, probeAt: pausedAt + 9e12 })
}

describe('destinations resume', () => {
  it('destinations resume lets a paused destination be tried immediately and keeps the pause until a success', async () => {
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

  it('destinations resume ends the wait of a held destination', async () => {
    root = makeProject(NAMING)
    await changeInStore('inbox', { failures: 7, heldUntil: NOW + 3_600_000 })
    const { code, out } = await run('resume', 'inbox')
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/^inbox will be retried immediately .*; it was held until 2026-01-31 13:00:00Z/),
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

  it('destinations test sends the documented alert regardless of filters', async () => {
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
  ])('destinations test prints an answer of %s after one attempt', async (_, answer, expected) => {
    receiver.expect(1)
    receiver.always(answer)
    const { code, out } = await run('test', 'soc', '--timeout', '200ms')
    expect(code).toBe(1)
    expect(out).toMatch(expected)
  })

  it('destinations test --all tests the enabled destinations', async () => {
    const { code, out } = await run('test', '--all', '--format', 'json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ version: 1, tests: [{ destination: 'out', delivered: true }] })
    expect(existsSync(join(root, 'out.ndjson'))).toBe(true)
  })

  it('destinations test reports a missing secret', async () => {
    writeFileSync(join(root, 'token'), '')
    const { code, out } = await run('test', 'soc')
    expect(code).toBe(1)
    expect(out).toContain('${file:token} is empty')
  })

  it('destinations test suggests a name for an unknown one', async () => {
    const { code, err } = await run('test', 'sok')
    expect([code, err]).toEqual([2, expect.stringContaining('did you mean "soc"?')])
  })
})
