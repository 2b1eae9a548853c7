/** Silences in the console: they are added, previewed, extended and expired by forms, and what is wrong is said at the form. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { NO_RULES } from '../../../src/server/access/access.ts'
import { ALERT_IDS } from '../../support/console-alerts.ts'
import { openConsole, TOKENS } from '../../support/console-server.ts'

const SILENCE = 's-4f0c2a91'
const HOUR_MS = 3_600_000
let server: Awaited<ReturnType<typeof openConsole>>
beforeEach(async () => {
  server = await openConsole({ rules: NO_RULES })
})
afterEach(() => server.close())

const pageText = async (path: string) => (await fetch(server.url + path)).text()

/** Sends a form of the page with its hidden fields. */
async function send(page: string, action: string, fields: readonly (readonly [string, string])[] = []) {
  const text = await pageText(page)
  const hidden = ['_token', '_form', 'back'].map((name) => [
    name,
    new RegExp(`name="${name}" value="([^"]*)"`).exec(text)![1]!.replaceAll('&amp;', '&'),
  ])
  return post(action, [...hidden, ...fields] as [string, string][])
}

function post(action: string, fields: [string, string][], headers: Record<string, string> = {}) {
  const body = new URLSearchParams(fields)
  return fetch(server.url + action, { method: 'POST', body, headers, redirect: 'manual' })
}

async function stored(id = SILENCE) {
  const rows = await server.store.silences({ endsAfter: 0, limit: 100 })
  return rows.find(({ silence }) => silence.id === id)
}

const auditOf = async (id: string) =>
  (await server.store.audit({ subject: { kind: 'silence', id }, limit: 100 })).map(({ verb, actor, via }) => [
    verb,
    actor,
    via,
  ])

/** The notice that the page after the act shows. */
async function noticeOf(response: Response): Promise<string> {
  const cookie = response.headers.get('set-cookie')!.split(';')[0]!
  const page = await fetch(server.url + response.headers.get('location')!, { headers: { cookie } })
  return /class="notice[^"]*"[^>]*>([^<]+)</.exec(await page.text())![1]!
}

it('a silence is extended to a time from now, and expired; each is in its history', async () => {
  const extended = await send('/silences', `/silences/${SILENCE}/extend`, [['for', '2d']])
  expect(extended.headers.get('location')).toBe('/silences')
  expect(await noticeOf(extended)).toBe(`${SILENCE} is extended until 2026-12-02 21:05 UTC.`)
  expect((await stored())!.silence.until).toBe(server.store.now() + 48 * HOUR_MS)
  const expired = await send('/silences', `/silences/${SILENCE}/expire`)
  expect(await noticeOf(expired)).toBe(`${SILENCE} has ended.`)
  expect((await stored())!.silence.until).toBe(server.store.now())
  expect(await auditOf(SILENCE)).toEqual([
    ['extended', 'local', 'console'],
    ['expired', 'local', 'console'],
  ])
  expect(await pageText('/silences')).not.toContain(`/silences/${SILENCE}/extend`)
})

it.each([
  ['no duration', '', 'Write a duration such as 30m, 2h or 3d.'],
  ['a text that is no duration', 'soon', 'Write a duration such as 30m, 2h or 3d.'],
  ['an end before the present one', '1h', 'ends later than that already'],
  ['an end that is too far away', '91d', 'the silence ends more than 90 days from now'],
])('%s is refused at the form, and changes nothing', async (_what, duration, sentence) => {
  const before = await stored()
  const refused = await send('/silences', `/silences/${SILENCE}/extend`, [['for', duration]])
  expect(refused.status).toBe(422)
  const error = new RegExp(`id="for-${SILENCE}-error" role="alert">([^<]+)<`).exec(await refused.text())![1]
  expect(error).toContain(sentence)
  expect(await stored()).toEqual(before)
})

it('a form that a double click sends twice extends once', async () => {
  const text = await pageText('/silences')
  const hidden = ['_token', '_form'].map((name): [string, string] => [
    name,
    new RegExp(`name="${name}" value="([^"]*)"`).exec(text)![1]!,
  ])
  const fields: [string, string][] = [...hidden, ['back', '/silences'], ['for', '2d']]
  const answers = await Promise.all([1, 2].map(() => post(`/silences/${SILENCE}/extend`, fields)))
  expect(answers.map(({ status }) => status)).toEqual([303, 303])
  expect(await auditOf(SILENCE)).toHaveLength(1)
})

it('a viewer sees which role an act needs, and is refused', async () => {
  const guarded = await openConsole()
  try {
    const [, token] = Object.keys(TOKENS) as [string, string]
    const signIn = await fetch(`${guarded.url}/sign-in`, {
      method: 'POST',
      body: new URLSearchParams({ token }),
      redirect: 'manual',
    })
    const cookie = signIn.headers.get('set-cookie')!.split(';')[0]!
    const text = await (await fetch(`${guarded.url}/silences`, { headers: { cookie } })).text()
    expect(text).toContain('To extend or expire silences, sign in with a token of the role operator.')
    const _token = /name="_token" value="([^"]+)"/.exec(text)![1]!
    for (const path of [`/silences/${SILENCE}/extend`, `/silences/${SILENCE}/expire`]) {
      const response = await fetch(guarded.url + path, {
        method: 'POST',
        body: new URLSearchParams({ _token, for: '2d' }),
        headers: { cookie },
        redirect: 'manual',
      })
      expect({ path, status: response.status }).toEqual({ path, status: 403 })
    }
  } finally {
    await guarded.close()
  }
})

const FIELDS: readonly (readonly [string, string])[] = [
  ['detection', 'Example.AWS.*'],
  ['severity', 'HIGH'],
  ['severity', 'CRITICAL'],
  ['critical', 'yes'],
  ['reason', 'Kernel patching'],
  ['for', '2h'],
]

/** The fields with others in the place of those of the same name. */
const withField = (name: string, ...values: string[]) => [
  ...FIELDS.filter(([each]) => each !== name),
  ...values.map((value) => [name, value] as const),
]

it('the address fills the form, as text', async () => {
  const query = new URLSearchParams([
    ['detection', '"><script>'],
    ['severity', 'low'],
    ['severity', 'nonsense'],
    ['destination', 'alert-log'],
    ['for', '3d'],
    ['critical', 'yes'],
  ])
  const text = await pageText(`/silences/new?${query.toString()}`)
  expect(text).not.toContain('"><script>')
  expect([...text.matchAll(/value="([^"]+)" checked/g)].map((m) => m[1])).toEqual(['LOW', 'alert-log', 'yes'])
  expect(text).toContain('name="for" value="3d"')
})

it('a preview counts the stored alerts, shows CRITICAL ones first, and changes nothing', async () => {
  const answer = await send('/silences/new', '/silences/preview', FIELDS)
  const text = await answer.text()
  const alerts = await server.store.alerts({ since: server.store.now() - 720 * HOUR_MS, limit: 5_000 })
  const matching = alerts.filter(
    ({ detection, severity }) =>
      detection.startsWith('Example.AWS.') && ['HIGH', 'CRITICAL'].includes(severity),
  )
  const critical = matching.filter(({ severity }) => severity === 'CRITICAL').length
  expect(critical).toBeGreaterThan(0)
  expect(text).toContain(
    `It would have hidden ${matching.length} alerts of the newest ${alerts.length} of the last 30 days, ${critical} of them with the severity CRITICAL.`,
  )
  const chips = [...text.matchAll(/class="chip severity (\w+)"/g)].map((m) => m[1])
  const first = Math.min(critical, 20)
  expect(chips.slice(0, first)).toEqual(Array.from({ length: first }, () => 'critical'))
  expect(text).toContain('>Kernel patching</textarea>')
  expect(await server.store.silences({ endsAfter: 0, limit: 100 })).toHaveLength(1)
  const onCall = await send('/silences/new', '/silences/preview', withField('destination', 'on-call'))
  expect(await onCall.text()).toContain('It would have hidden 1 alert of')
})

it('a silence is added as the form says, is in force, and is in the history', async () => {
  const fields = [...withField('title', '*port 22'), ['destination', 'console'] as const]
  const added = await send('/silences/new', '/silences', fields)
  expect(added.headers.get('location')).toBe('/silences')
  const [id = ''] = (await noticeOf(added)).split(' ')
  expect((await stored(id))!.silence).toEqual({
    id,
    from: server.store.now(),
    until: server.store.now() + 2 * HOUR_MS,
    reason: 'Kernel patching',
    owner: 'local',
    match: { detections: ['Example.AWS.*'], severities: ['HIGH', 'CRITICAL'], title: ['*port 22'] },
    except: null,
    destinations: ['console'],
  })
  expect(await auditOf(id)).toEqual([['created', 'local', 'console']])
})

it('a silence of errors names their types', async () => {
  const added = await send('/silences/new', '/silences', withField('type', 'DETECTION_ERROR'))
  const [id = ''] = (await noticeOf(added)).split(' ')
  const { alertTypes } = (await stored(id))!.silence.match
  expect(alertTypes).toEqual(['RULE_ERROR', 'SCHEDULED_RULE_ERROR', 'POLICY_ERROR', 'CORRELATION_RULE_ERROR'])
})

it.each([
  [
    'everything',
    FIELDS.filter(([name]) => !['detection', 'severity'].includes(name)),
    'detection-error',
    'every alert',
  ],
  ['a severity that does not exist', withField('severity', 'HUGE'), 'severity-error', 'Choose severities'],
  ['a type that does not exist', withField('type', 'RULES'), 'type-error', 'Choose a type'],
  ['no reason', withField('reason', ' '), 'reason-error', 'Write the reason.'],
  ['no duration', withField('for', ''), 'for-error', 'Write a duration'],
  ['CRITICAL that is not allowed', withField('critical'), 'critical-error', 'severity CRITICAL'],
  ['a title that is too long', withField('title', 'x'.repeat(1_001)), 'title-error', 'at most 1000'],
  ['an end that is too far away', withField('for', '91d'), null, 'more than 90 days from now'],
  ['an unknown destination', withField('destination', 'nowhere'), null, 'destination not found: nowhere'],
] as const)(
  '%s is refused at the form, which keeps what was written',
  async (_what, fields, id, sentence) => {
    const refused = await send('/silences/new', '/silences', fields)
    expect(refused.status).toBe(422)
    const text = await refused.text()
    const errors = [...text.matchAll(/<p class="error"(?: id="([^"]+)")? role="alert">([^<]+)</g)]
    expect(errors.map((m) => m[1] ?? null)).toEqual([id])
    expect(errors[0]![2]).toContain(sentence)
    expect(text).toContain('name="critical"')
    expect(await server.store.silences({ endsAfter: 0, limit: 100 })).toHaveLength(1)
  },
)

it('an alert leads to the form for alerts like it', async () => {
  const text = await pageText(`/alerts/${ALERT_IDS['Example.AWS.RootConsoleLogin']}`)
  const path = /href="(\/silences\/new[^"]+)"[^>]*data-key="s"/.exec(text)![1]!.replaceAll('&amp;', '&')
  const form = await pageText(path)
  expect(form).toContain('name="detection" value="Example.AWS.RootConsoleLogin"')
  expect(form).toMatch(/value="CRITICAL" checked/)
})
