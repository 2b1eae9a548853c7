// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to secrets
/** signalbox.yaml, the environment, and the file below it. */
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseDuration } from '../../../src/config/files/durations.ts'
import { processEnvironment } from '../../../src/config/files/environment.ts'
import { DEFAULT_SETTINGS } from '../../../src/model/project/settings.ts'
import { BODY, load, projectWith, rule } from '../_project.ts'

const FILE = `sources: ["http://127.0.0.1:8080"]
classification:
  - logType: AWS.CloudTrail
    match: { eventSource: "*", userIdentity.type: Root }
store: sqlite:from-file.db
workers: 3
trust: [{ group: vendor, match: { paths: [vendor/**] } }]
limits: { timeMs: 500 }
cluster: { leaseMs: 2000, orphanAfter: 30s }
api:
  tokens:
    - { name: anna, role: operator, hash: "sha256:${'0f'.repeat(32)}", expires: 2099-01-31 }
    - { name: shipper, role: ingest, secret: "\${env:TOKEN}" }
  identity: { header: X-Forwarded-User, from: [127.0.0.1/32], role: viewer }
  publicUrl: https://soc.example.com
alertUrl: https://file.example/{alertId}
python: { paths: [lib] }
warnings: { off: [dedup-period] }
rejects: rejects
`

const VENDOR = { 'vendor/rules/one.yml': rule('Vendor.One'), 'vendor/rules/body.py': BODY }

describe('settings', () => {
  it('settings without a file are the defaults', async () => {
    expect((await load({})).settings).toEqual(DEFAULT_SETTINGS)
  })

  it('settings of signalbox.yaml are completed with the defaults', async () => {
    const { settings, problems } = await load({ 'signalbox.yaml': FILE, 'lib/a.py': '', ...VENDOR })
    expect(problems).toEqual([])
    expect(settings).toEqual({
      sources: ['http://127.0.0.1:8080'],
      classification: [
        { logType: 'AWS.CloudTrail', match: { eventSource: '*', 'userIdentity.type': 'Root' } },
      ],
      store: 'sqlite:from-file.db',
      workers: 3,
      trust: [{ group: 'vendor', match: { paths: ['vendor/**'] } }],
      limits: { ...DEFAULT_SETTINGS.limits, timeMs: 500 },
      cluster: { ...DEFAULT_SETTINGS.cluster, leaseMs: 2_000, orphanAfterMs: 30_000 },
      retention: { alertsMs: null, deliveriesMs: null, auditMs: null, maxBytes: null },
      api: {
        tokens: [
          { name: 'anna', role: 'operator', hash: `sha256:${'0f'.repeat(32)}`, expires: '2099-01-31' },
          { name: 'shipper', role: 'ingest', secret: '${env:TOKEN}' },
        ],
        identity: { header: 'x-forwarded-user', from: ['127.0.0.1/32'], role: 'viewer' },
        publicUrl: 'https://soc.example.com',
      },
      hooks: {},
      alertUrl: 'https://file.example/{alertId}',
      lintOff: [],
      warnings: { error: [], off: ['dedup-period'] },
      pythonPaths: [expect.stringMatching(/project.lib$/)],
      rejects: 'rejects',
      hostId: null,
    })
  })

  it('the environment wins over the settings, and empty variables are ignored', async () => {
    const environment = {
      SIGNALBOX_STORE: 'memory:',
      SIGNALBOX_WORKERS: '7',
      SIGNALBOX_ALERT_URL: 'https://env.example',
      SIGNALBOX_REJECTS: '',
      SIGNALBOX_HOST_ID: 'host-1',
    }
    const { settings } = await load({ 'signalbox.yaml': FILE }, { environment })
    expect(settings).toMatchObject({
      store: 'memory:',
      workers: 7,
      alertUrl: 'https://env.example',
      rejects: 'rejects',
      hostId: 'host-1',
    })
  })

  it('the environment variable for workers must be a whole number', async () => {
    await expect(load({}, { environment: { SIGNALBOX_WORKERS: 'all' } })).rejects.toThrow('SIGNALBOX_WORKERS')
    await expect(load({}, { environment: { SIGNALBOX_HOST_ID: 'a:b' } })).rejects.toThrow('SIGNALBOX_HOST_ID')
  })

  it('settings of a file with an error are ignored', async () => {
    const { settings } = await load({ 'signalbox.yaml': `${FILE}nonsense: 1\n` })
    expect(settings).toEqual(DEFAULT_SETTINGS)
  })
})

describe('trust', () => {
  const trusting = (trust: string) => load({ 'signalbox.yaml': `trust:\n${trust}\n`, ...VENDOR })

  it.each([
    ['a rule that fits nothing', '- { group: a, match: { paths: [vendors/**] } }', 2, 'matches no detection'],
    ['a rule that asks nothing', '- { group: a, match: { paths: [] } }', 2, 'matches no detection'],
    ['an empty match', '- { group: a, match: {} }', 2, 'fewer than 1'],
    [
      'the name of the group that is always there',
      '- { group: default, match: { ids: ["*"] } }',
      2,
      'default',
    ],
    ['an unknown key', '- group: a\n  match: { ids: ["*"], files: [x] }', 3, 'unknown key'],
  ])('%s in the trust rules is an error at its source location', async (_, trust, line, message) => {
    const { problems } = await trusting(trust)
    expect(problems).toMatchObject([{ severity: 'error', file: 'signalbox.yaml', line }])
    expect(problems[0]!.message).toContain(message)
  })

  it('a partial load does not check trust rules', async () => {
    const files = { 'signalbox.yaml': 'trust: [{ group: a, match: { ids: [Absent] } }]', ...VENDOR }
    expect((await load(files, { paths: ['vendor'] })).problems).toEqual([])
  })
})

describe('[SEC-3.3] api', () => {
  const HASH = `hash: "sha256:${'0f'.repeat(32)}"`
  const now = () => Date.parse('2026-06-01T12:00:00Z')

  it.each([
    [
      'two tokens of one name',
      `tokens: [{ name: a, role: viewer, ${HASH} }, { name: a, role: ingest, ${HASH} }]`,
      'error duplicate-name',
    ],
    [
      'a token that stands in the file',
      'tokens: [{ name: a, role: viewer, secret: token-of-anna-and-bert }]',
      'error bad-reference',
    ],
    [
      'a token of which a part stands in the file',
      'tokens: [{ name: a, role: viewer, secret: "x${env:A}" }]',
      'error bad-reference',
    ],
    ['a token without a hash or a secret', 'tokens: [{ name: a, role: viewer }]', 'error exactly-one'],
    ['an unknown role', `tokens: [{ name: a, role: admin, ${HASH} }]`, 'error bad-value'],
    ['a hash of another form', 'tokens: [{ name: a, role: viewer, hash: "md5:00" }]', 'error bad-value'],
    [
      'a network without a prefix',
      'identity: { header: X-User, from: [127.0.0.1], role: viewer }',
      'error bad-value',
    ],
    [
      'a prefix that is too long',
      'identity: { header: X-User, from: [127.0.0.1/33], role: viewer }',
      'error bad-value',
    ],
    [
      'people who only send events',
      'identity: { header: X-User, from: ["::1/128"], role: ingest }',
      'error bad-value',
    ],
    [
      'a token that has expired',
      `tokens: [{ name: a, role: viewer, ${HASH}, expires: 2020-01-01 }]`,
      'warning token-ends',
    ],
    [
      'a token that expires soon',
      `tokens: [{ name: a, role: viewer, ${HASH}, expires: 2026-06-15 }]`,
      'warning token-ends',
    ],
    [
      'an end that is no date',
      `tokens: [{ name: a, role: viewer, ${HASH}, expires: 2099-13-01 }]`,
      'warning token-ends',
    ],
  ])('%s is reported', async (_, api, expected) => {
    const { problems } = await load({ 'signalbox.yaml': `api:\n  ${api}\n` }, { now })
    expect(problems.map(({ severity, code, line }) => `${severity} ${code} ${line}`)).toEqual([
      `${expected} 2`,
    ])
  })

  it('a token that expires later is not reported', async () => {
    const api = `api: { tokens: [{ name: a, role: viewer, ${HASH}, expires: 2026-06-16 }] }`
    expect((await load({ 'signalbox.yaml': api }, { now })).problems).toEqual([])
  })
})

describe('the environment', () => {
  it('variables of the process win over the env file', () => {
    const file = join(projectWith({ '.env': 'PATH=from-file\nSIGNALBOX_X="a b" # comment\n' }), '.env')
    const environment = processEnvironment({ root: '.', envFile: file })
    expect(environment.SIGNALBOX_X).toBe('a b')
    expect(environment.PATH).toBe(process.env.PATH)
  })

  it('the file of --env-file must exist', () => {
    expect(() => processEnvironment({ root: '.', envFile: '/nowhere/.env' })).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('does not exist'),
        code: 'unreadable-env-file',
      }),
    )
  })

  it.each([
    ['../elsewhere', 'outside-project'],
    ['.env', 'broken-link'],
  ])('an env file that is a link to %s has the code %s', (target, code) => {
    const root = projectWith({ 'project/signalbox.yaml': '', elsewhere: 'A=1\n' })
    symlinkSync(target, join(root, 'project/.env'))
    const reading = () =>
      processEnvironment({ root: join(root, 'project'), envFile: join(root, 'project/.env') })
    expect(reading).toThrow(expect.objectContaining({ code }))
  })
})

describe('durations', () => {
  it.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['1.5m', 90_000],
    ['12h', 43_200_000],
    ['3d', 259_200_000],
    ['3', undefined],
    ['3 d', undefined],
    ['-1s', undefined],
    ['d', undefined],
  ])('%s is %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })
})

describe('very many faults', () => {
  it('up to a hundred problems of a file are listed, and the others are counted', async () => {
    const keys = Array.from({ length: 5_000 }, (_, i) => `k${i}: 1\n`).join('')
    const { problems } = await load({ 'signalbox.yaml': keys })
    expect(problems.filter(({ code }) => code === 'unknown-key')).toHaveLength(100)
    expect(problems.filter(({ code }) => code !== 'unknown-key')).toMatchObject([
      { code: 'more-problems', message: '4900 more problems in this file are not listed' },
    ])
  })
})
