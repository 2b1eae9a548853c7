/** `alerts` and `deliveries` beside a real store in a file. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import type { DeliveryOutcome, Store } from '../../src/store/store.ts'
import { manualClock } from '../support/clock.ts'
import { withDate } from '../support/date.ts'
import { alert, dead, delivered, delivery, expecting, plan, waiting } from '../support/store-rows.ts'
import { type Ran, signalbox } from './fake-io.ts'

const OLD = `aa11${'0'.repeat(28)}`
const NEW = `aa22${'0'.repeat(28)}`
const DELIVERED = `d111${'0'.repeat(28)}`
const DEAD = `d222${'0'.repeat(28)}`
const WAITING = `d333${'0'.repeat(28)}`
const HOUR = 3_600_000
/** The commands take the date of the process. */
const NOW = Date.UTC(2026, 0, 31, 12)
withDate(NOW)

let root: string
let store: Store

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-cli-'))
  writeFileSync(join(root, 'signalbox.yaml'), 'store: sqlite:test.db\n')
  store = await openStore('sqlite:test.db', { clock: manualClock(NOW), projectRoot: root })
  const route = {
    level: 'static-severity' as const,
    destinations: ['soc'],
    suppressed: false,
    trace: [{ level: 'static-severity' as const, decided: true, reason: 'HIGH goes to [soc]' }],
    problems: [],
  }
  await store.commit(
    plan({
      alerts: [
        alert(OLD, { createdAt: NOW - 48 * HOUR, severity: 'LOW', detection: 'Old.Rule' }),
        alert(NEW, {
          createdAt: NOW - HOUR,
          route,
          title: 'login\u001b[2J',
          divergences: [{ at: NOW, rowId: 'r9', severity: 'CRITICAL', destinations: ['pager'] }],
        }),
      ],
      deliveries: [
        delivery(DELIVERED, { alertId: NEW, due: 1 }),
        delivery(DEAD, { alertId: NEW, due: 2, destination: 'mail', destinationKey: 'mail' }),
        delivery(WAITING, { alertId: OLD, due: 3 }),
      ],
    }),
    expecting(),
  )
  await settle(DELIVERED, delivered)
  await settle(DEAD, dead())
  await settle(WAITING, waiting(NOW + HOUR))
})

afterEach(async () => {
  await store.close()
  rmSync(root, { recursive: true })
})

async function settle(id: string, outcome: DeliveryOutcome): Promise<void> {
  const claimed = await store.claim({ destinationKeys: ['soc', 'mail'], limit: 1, leaseMs: 1000 })
  expect(claimed.map((each) => each.delivery.id)).toEqual([id])
  expect(await store.recordOutcome(id, claimed[0]!.leaseToken, outcome)).toBe(true)
}

function run(...argv: string[]): Promise<Ran> {
  return signalbox([...argv, '--project', root])
}

async function json(...argv: string[]): Promise<Record<string, unknown>> {
  const { code, out, err } = await run(...argv, '--format', 'json')
  expect([code, err]).toEqual([0, ''])
  return JSON.parse(out) as Record<string, unknown>
}

async function states(): Promise<Record<string, string>> {
  const rows = await store.deliveries({ limit: 10 })
  return Object.fromEntries(rows.map(({ id, state }) => [id.slice(0, 4), state]))
}

describe('alerts list', () => {
  it('alerts list shows the newest first and escapes control characters', async () => {
    const { code, out } = await run('alerts', 'list')
    const [header, first, second] = out.split('\n')
    expect(code).toBe(0)
    expect(header).toMatch(/^ID +CREATED +SEVERITY +STATUS +DETECTION +TITLE +EVENTS +ROUTE$/)
    expect(first).toMatch(
      /^aa2200000000 .* HIGH +open +Test\.Rule +login\\u001b\[2J +1 +soc \(static-severity\)$/,
    )
    expect(second).toMatch(/^aa1100000000 .* LOW +open +Old\.Rule/)
  })

  it.each<[string[], string[]]>([
    [[], [NEW, OLD]],
    [['--severity', 'low'], [OLD]],
    [['--detection', 'Test.Rule'], [NEW]],
    [['--detection', 'No.Such'], []],
    [['--since', '24h'], [NEW]],
    [
      ['--since', '3d'],
      [NEW, OLD],
    ],
    [['--limit', '1'], [NEW]],
  ])('%j', async (argv, ids) => {
    const { out } = await run('alerts', 'list', '--format', 'json', ...argv)
    const { version, alerts } = JSON.parse(out) as { version: number; alerts: { id: string }[] }
    expect(version).toBe(1)
    expect(alerts.map(({ id }) => id)).toEqual(ids)
  })

  it('alerts list reports that there may be more', async () => {
    expect((await run('alerts', 'list', '--limit', '1')).err).toBe(
      'showing the newest 1; use --limit for more\n',
    )
    expect((await run('alerts', 'list', '--limit', '1', '--quiet')).err).toBe('')
  })
})

describe('alerts show', () => {
  it('alerts show prints notification, route, divergences and deliveries with their attempts', async () => {
    const { code, out } = await run('alerts', 'show', 'aa22')
    expect(code).toBe(0)
    expect(out).toContain('{"id":"Test.Rule","alertContext":{"n":53.0,"big":12345678901234567890}}')
    expect(out).toContain('  soc (static-severity)\n  * static-severity  HIGH goes to [soc]\n')
    expect(out).toContain('event r9: CRITICAL to pager')
    expect(out).toMatch(/d11100000000 {2}soc {2}delivered .*\n.* 1\. .* delivered 200 {2}12 ms {2}ok/)
    expect(out).toMatch(/d22200000000 {2}mail {2}dead .*\n.* 1\. .* refused 400 .* status 400: bad/)
  })

  it('alerts show --format json keeps the digits of the notification', async () => {
    const { out } = await run('alerts', 'show', NEW, '--format', 'json')
    expect(out).toContain('"alertContext":{"n":53.0,"big":12345678901234567890}')
    expect(JSON.parse(out)).toMatchObject({
      version: 1,
      id: NEW,
      route: { level: 'static-severity', trace: [{ decided: true }] },
      divergences: [{ rowId: 'r9' }],
    })
  })

  it.each([
    ['aa', 'ambiguous id "aa": matches 2 alerts [ambiguous-id]'],
    ['ffff', 'alert "ffff" not found [unknown-id]'],
  ])('%s is refused', async (id, message) => {
    const { code, out, err } = await run('alerts', 'show', id)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(message)
  })
})

describe('deliveries list and dead', () => {
  it.each<[string[], string[]]>([
    [['list'], [WAITING, DEAD, DELIVERED]],
    [['list', '--state', 'waiting'], [WAITING]],
    [['list', '--destination', 'mail'], [DEAD]],
    [['list', '--alert', 'aa11'], [WAITING]],
    [['dead'], [DEAD]],
    [['dead', '--destination', 'soc'], []],
  ])('%j', async (argv, ids) => {
    const { deliveries } = await json('deliveries', ...argv)
    expect((deliveries as { id: string }[]).map(({ id }) => id).sort()).toEqual(ids.toSorted())
  })

  it('deliveries list shows when a waiting delivery is due and its last answer', async () => {
    const { out } = await run('deliveries', 'list', '--state', 'waiting')
    expect(out.split('\n')[1]).toMatch(
      /^d33300000000 +waiting +soc +aa1100000000 +\d{4}-.*Z +1 +static-destinations/,
    )
  })
})

it('deliveries list reports an unknown destination', async () => {
  expect((await run('deliveries', 'list', '--destination', 'nosuch')).err).toContain(
    'no deliveries to "nosuch"',
  )
  expect((await run('deliveries', 'dead', '--destination', 'soc')).err).toBe('')
})

it('deliveries list shows that a delivery waits for its destination', async () => {
  const heldUntil = Date.UTC(2099, 0, 1)
  await store.changeDestinationState('soc', (state) => ({ ...state, heldUntil }))
  expect((await run('deliveries', 'list', '--state', 'waiting')).out).toContain(' 2099-01-01 00:00:00Z ')
  await store.changeDestinationState('soc', (state) => ({
    ...state,
    heldUntil: null,
    pausedAt: 1,
    pausedReason: '404',
  }))
  expect((await run('deliveries', 'list', '--state', 'waiting')).out).toMatch(
    / waiting {2}soc .* after the pause /,
  )
})

describe('deliveries flush', () => {
  const digests = () => store.deliveries({ destination: 'mail', states: ['pending'], limit: 5 })

  it('deliveries flush makes the digest of a destination due now', async () => {
    const gather = { key: 'k', id: 'digest', windowMs: HOUR, after: 0, due: NOW + HOUR }
    const to = { alertId: OLD, destination: 'mail', destinationKey: 'mail' }
    await store.commit(plan({ deliveries: [{ ...delivery('gathered', to), gather }] }), expecting())
    expect((await digests()).map(({ kind, due }) => [kind, due])).toEqual([['digest', NOW + HOUR]])
    expect(await run('deliveries', 'flush', 'mail')).toMatchObject({ code: 0, out: 'sending 1 digest\n' })
    expect((await digests()).map(({ due }) => due)).toEqual([NOW])
    expect((await run('deliveries', 'flush', 'mail')).err).toContain('no digest of mail is open')
  })

  it('deliveries flush reports an unknown destination', async () => {
    expect((await run('deliveries', 'flush', 'nosuch')).err).toContain('no deliveries to "nosuch"')
  })
})

describe('deliveries retry', () => {
  it('deliveries retry explains why nothing is retried', async () => {
    await store.retry({ destination: 'mail', limit: 10 })
    expect((await run('deliveries', 'retry', '--destination', 'mail')).err).toBe(
      'no delivery to mail is dead, orphaned or waiting\n',
    )
    expect((await run('deliveries', 'retry', '--destination', 'nosuch')).err).toContain(
      'no deliveries to "nosuch"',
    )
  })

  const before = { d111: 'delivered', d222: 'dead', d333: 'waiting' }

  it.each<[string[], Partial<typeof before>, string]>([
    [['d222'], { d222: 'pending' }, 'retrying 1 delivery'],
    [['d222', DEAD], { d222: 'pending' }, 'retrying 1 delivery'],
    [['--all-dead'], { d222: 'pending' }, 'retrying 1 delivery'],
    [['--destination', 'soc'], { d333: 'pending' }, 'retrying 1 delivery'],
    [['--destination', 'nosuch'], {}, 'retrying 0 deliveries'],
  ])('%j', async (argv, changed, message) => {
    expect(await states()).toEqual(before)
    const { code, out } = await run('deliveries', 'retry', ...argv)
    expect([code, out]).toEqual([0, `${message}\n`])
    expect(await states()).toEqual({ ...before, ...changed })
  })

  it('deliveries retry skips delivered ones and exits with 1', async () => {
    const { code, out, err } = await run('deliveries', 'retry', 'd111', 'd222')
    expect([code, out]).toEqual([1, 'retrying 1 delivery\n'])
    expect(err).toContain('skipped the others: they are not dead, orphaned or waiting')
    expect(await states()).toEqual({ ...before, d222: 'pending' })
  })

  it('deliveries retry with an unknown id changes nothing', async () => {
    expect((await run('deliveries', 'retry', 'd222', 'ffff')).code).toBe(2)
    expect(await states()).toEqual(before)
  })
})

describe('alerts unmute', () => {
  const limiter = (mutedAt: number | null) => ({
    detection: 'Loud',
    hourStartedAt: 0,
    created: 1000,
    mutedAt,
  })

  it('alerts unmute ends the mute of a detection', async () => {
    await store.commit(plan({ limiters: [limiter(1)] }), expecting({}, { Loud: 0 }))
    expect(await run('alerts', 'unmute', 'Loud')).toEqual({
      code: 0,
      out: 'unmuted Loud\n',
      err: '',
    })
    const { limiters } = await store.read({ groups: [], limiters: ['Loud'], seen: [] })
    expect(limiters.get('Loud')?.value).toMatchObject({ mutedAt: null, created: 0 })
    expect((await run('alerts', 'unmute', 'Loud')).code).toBe(1)
  })

  it('alerts unmute reports a detection that is not muted', async () => {
    const { code, err } = await run('alerts', 'unmute', 'Quiet')
    expect([code, err]).toEqual([1, 'signalbox: Quiet is not muted\n'])
  })
})

describe('the audit of acts that change no status', () => {
  const rowsOf = async (kind: 'alert' | 'detection' | 'destination', verb: string) => {
    const rows = await store.audit({ limit: 100 })
    return rows.filter((row) => row.subject.kind === kind && row.verb === verb)
  }

  it('a retry, a resend, an unmute and a resume are kept with who acted', async () => {
    writeFileSync(
      join(root, 'destinations.yaml'),
      'version: 1\ndestinations:\n  - { name: soc, type: console }\n',
    )
    const muted = { detection: 'Loud', hourStartedAt: 0, created: 1000, mutedAt: 1 }
    await store.commit(plan({ limiters: [muted] }), expecting({}, { Loud: 0 }))
    await store.changeDestinationState('soc', (state) => ({ ...state, pausedAt: 1, pausedReason: '401: no' }))
    for (const act of [
      ['deliveries', 'retry', 'd222', '--as', 'ann'],
      ['alerts', 'resend', 'aa22', '--as', 'ann'],
      ['alerts', 'unmute', 'Loud', '--as', 'ann'],
      ['destinations', 'resume', 'soc', '--as', 'ann'],
    ])
      expect(await run(...act)).toMatchObject({ code: 0 })
    const by = { actor: 'ann', via: 'cli' }
    const { alertIds, destination } = (await store.deliveries({ states: ['pending'], limit: 9 })).find(
      ({ id }) => id.startsWith('d222'),
    )!
    expect(await rowsOf('alert', 'retried')).toMatchObject([
      { ...by, subject: { id: alertIds[0] }, after: destination },
    ])
    expect(await rowsOf('alert', 'resent')).toMatchObject([{ ...by, subject: { id: NEW }, after: 'soc' }])
    expect(await rowsOf('detection', 'unmuted')).toMatchObject([{ ...by, subject: { id: 'Loud' } }])
    expect(await rowsOf('destination', 'resumed')).toMatchObject([
      { ...by, subject: { id: 'soc' }, before: '401: no' },
    ])
    expect((await run('alerts', 'show', 'aa22')).out).toMatch(/ann \(cli\) {2}sent again to soc/)
  })

  it('an act that changes nothing is not kept', async () => {
    await run('alerts', 'unmute', 'Quiet')
    await run('deliveries', 'retry', 'd111')
    expect((await store.audit({ limit: 100 })).filter(({ verb }) => verb !== 'created')).toEqual([])
  })
})

it('a missing store is an error and is not created', async () => {
  const { code, err } = await run('alerts', 'list', '--store', 'sqlite:typo.db')
  expect([code, err]).toEqual([2, expect.stringContaining('store not found')])
  expect(existsSync(join(root, 'typo.db'))).toBe(false)
})

it('a memory: store cannot be read by a command', async () => {
  const { code, err } = await run('alerts', 'list', '--store', 'memory:')
  expect(code).toBe(2)
  expect(err).toContain('memory:')
})

describe('alerts resend', () => {
  const declare = (text: string) =>
    writeFileSync(join(root, 'destinations.yaml'), `version: 1\ndestinations:\n${text}`)
  const resent = async () =>
    (await store.deliveries({ alertId: NEW, limit: 10 })).filter(({ reason }) => reason === 're-sent')

  it('alerts resend sends to the destinations of the route', async () => {
    declare('  - { name: soc, type: console }\n')
    expect(await run('alerts', 'resend', 'aa22')).toMatchObject({
      code: 0,
      out: `resending ${NEW} to soc\n`,
    })
    expect((await resent()).map(({ destination, state }) => [destination, state])).toEqual([
      ['soc', 'pending'],
    ])
  })

  it('alerts resend sends to the destination of --destination', async () => {
    declare('  - { name: soc, type: console }\n  - { name: inbox, type: console }\n')
    const { code, out } = await run('alerts', 'resend', 'aa22', '--destination', 'inbox', '--format', 'json')
    expect([code, JSON.parse(out)]).toEqual([0, { version: 1, alert: NEW, to: ['inbox'], skipped: [] }])
    expect((await resent()).map(({ destination }) => destination)).toEqual(['inbox'])
  })

  it.each([
    ['no destination of its route exists', '  - { name: inbox, type: console }\n', []],
    ['a name is unknown', '  - { name: soc, type: console }\n', ['--destination', 'sooc']],
    ['a name is disabled', '  - { name: soc, type: console, enabled: false }\n', ['--destination', 'soc']],
  ])('alerts resend exits with 2 and sends nothing if %s', async (_, text, more) => {
    declare(text)
    expect((await run('alerts', 'resend', 'aa22', ...more)).code).toBe(2)
    expect(await resent()).toEqual([])
  })
})
