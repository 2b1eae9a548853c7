import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openStore } from '../../../src/store/open.ts'
import { SECRET, withAwsCredentials } from '../../support/aws.ts'
import { manualClock } from '../../support/clock.ts'
import { startProxy } from '../../support/proxy.ts'
import { envReference } from '../../support/secrets.ts'
import { signalbox } from '../fake-io.ts'
import { makeProject, SOUND } from '../project-on-disk.ts'

async function findings(files: Readonly<Record<string, string>>) {
  const { code, out } = await signalbox(['doctor', '--project', makeProject(files), '--format', 'json'])
  const results = JSON.parse(out).findings as { what: string; state: string; detail: string }[]
  return { code, states: Object.fromEntries(results.map(({ what, state }) => [what, state])), results }
}

describe('doctor', () => {
  it('doctor finds nothing missing in a valid project', async () => {
    const { code, states } = await findings(SOUND)
    expect(code).toBe(0)
    expect(states).toEqual({
      node: 'fine',
      cache: 'fine',
      files: 'fine',
      python: 'fine',
      guards: 'fine',
      detections: 'fine',
      destinations: 'fine',
      secrets: 'fine',
      store: 'fine',
      permissions: 'fine',
    })
  })

  it('doctor says which hooks have no secret, no request and no updates', async () => {
    const { code, results } = await findings({
      ...SOUND,
      'signalbox.yaml':
        "hooks: { slack: { secret: '${env:PATH}' }, jira: { secret: '${env:SIGNALBOX_TEST_NOT_SET}' } }\n",
      'destinations.yaml': `version: 1
destinations:
  - name: chat
    type: slack
    options: { botToken: "\${env:PATH}", channel: C1 }
`,
    })
    const hooks = results
      .filter(({ what }) => what === 'hooks')
      .map(({ state, detail }) => `${state} ${detail}`)
    expect(hooks).toEqual([
      'note slack: no request with a valid signature has come yet',
      'missing jira: ${env:SIGNALBOX_TEST_NOT_SET} is not set',
      'note slack: messages of chat do not show that they were answered',
    ])
    expect(code).toBe(1)
  })

  it('doctor reports what an empty folder lacks', async () => {
    const { code, states } = await findings({})
    expect([code, states.files, states.destinations]).toEqual([1, 'missing', 'missing'])
  })

  it('doctor reports invalid bodies, missing secrets and a missing fallback', async () => {
    const { states, results } = await findings({
      ...SOUND,
      'detections/login.py': 'def rule(event)\n',
      'destinations.yaml': `version: 1
destinations:
  - name: soc
    type: webhook
    options: { url: "\${env:SIGNALBOX_TEST_NOT_SET}" }
`,
    })
    expect(states).toMatchObject({ python: 'missing', secrets: 'missing', destinations: 'note' })
    expect(results.find(({ what }) => what === 'secrets')?.detail).toContain('SIGNALBOX_TEST_NOT_SET')
  })

  it('doctor names the log types of which every event enters Python, and the rules because of which it does', async () => {
    const spec = (id: string, type: string, enabled = true) => `AnalysisType: rule
RuleID: ${id}
Filename: ${id}.py
LogTypes: [${type}]
Severity: INFO
Enabled: ${enabled}
`
    const guarded = 'def rule(event):\n    return event.get("a") == "b"\n'
    const decorated = `import functools\n\n@functools.lru_cache\n${guarded}`
    const raising = 'def rule(event):\n    return event["a"] == "b"\n'
    const { code, results } = await findings({
      ...SOUND,
      ...Object.fromEntries(
        [
          ['Guarded', 'First.Log', guarded] as const,
          ['Decorated', 'First.Log', decorated] as const,
          ['Disabled', 'First.Log', decorated, false] as const,
          ['Raising', 'Second.Log', raising] as const,
        ].flatMap(([id, type, body, enabled]) => [
          [`detections/${id}.yml`, spec(id, type, enabled)],
          [`detections/${id}.py`, body],
        ]),
      ),
    })
    const ofGuards = results.filter(({ what }) => what === 'guards')
    expect(ofGuards.map(({ state, detail }) => `${state} ${detail}`)).toEqual([
      'fine 2 of 4 detections, 1 of 3 log types complete',
      'note First.Log: every event enters Python, because 1 of 2 rules has no guard (Decorated)',
      'note Second.Log: 1 of 1 rule sees every event (Raising)',
    ])
    expect(code).toBe(0)
  })

  it('doctor names files with alerts or secrets that other users can read', async () => {
    // The folders of a test run are closed to others, so nothing in them could be reached.
    const root = mkdtempSync('/tmp/signalbox-doctor-')
    onTestFinished(() => rmSync(root, { recursive: true }))
    chmodSync(root, 0o755)
    const open = ['token', 'key', 'alerts.ndjson', 'rejects', 'store.db']
    for (const name of [...open, 'closed']) writeFileSync(join(root, name), 'text', { mode: 0o644 })
    for (const name of open) chmodSync(join(root, name), 0o644)
    chmodSync(join(root, 'closed'), 0o600)
    writeFileSync(join(root, 'signalbox.yaml'), 'store: sqlite:store.db\nrejects: rejects\n')
    writeFileSync(
      join(root, 'destinations.yaml'),
      `version: 1
fallback: [archive]
destinations:
  - { name: archive, type: file, options: { path: alerts.ndjson } }
  - { name: hook, type: webhook, severities: [HIGH], options: { url: "\${file:key}", headers: { X-Key: "\${file:closed}" } } }
`,
    )
    const asked = ['doctor', '--project', root, '--http-token-file', join(root, 'token'), '--format', 'json']
    const { out } = await signalbox(asked)
    const result = (JSON.parse(out).findings as { what: string; state: string; detail: string }[]).find(
      ({ what }) => what === 'permissions',
    )!
    expect(result.state).toBe('note')
    expect(open.filter((name) => !result.detail.includes(join(root, name)))).toEqual([])
    expect(result.detail).not.toContain('closed')
  })

  it.each(['.signalbox', 'var'])(
    'doctor opens the store that signalbox.yaml names, here in %s',
    async (folder) => {
      const root = makeProject({ ...SOUND, 'signalbox.yaml': `store: sqlite:${folder}/other.db\n` })
      const detail = async () => {
        const { out } = await signalbox(['doctor', '--project', root, '--format', 'json'])
        const results = JSON.parse(out).findings as { what: string; state: string; detail: string }[]
        return results.find(({ what }) => what === 'store')
      }
      expect(await detail()).toMatchObject({
        state: 'fine',
        detail: expect.stringMatching(/^not created yet/),
      })
      const location = `sqlite:${folder}/other.db`
      const store = await openStore(location, { clock: manualClock(), projectRoot: root })
      await store.close()
      expect(await detail()).toMatchObject({
        state: 'fine',
        detail: `sqlite:${join(root, folder, 'other.db')}`,
      })
    },
  )

  it('doctor prints a line for each check, with a hint', async () => {
    const { out } = await signalbox(['doctor', '--project', makeProject({})])
    expect(out).toMatch(
      /^missing {2}destinations {2}destinations\.yaml not found\n +run `signalbox destinations add` to create it/m,
    )
  })
})

describe('credentials that a library looks for', () => {
  withAwsCredentials()

  /** @param options lines of YAML, beside the URL of the queue. */
  const queue = (...options: string[]) => ({
    'destinations.yaml': `version: 1
fallback: [queue]
destinations:
  - name: queue
    type: sqs
    options:
      queueUrl: https://sqs.eu-central-1.amazonaws.com/1/alerts
${options.map((line) => `      ${line}\n`).join('')}`,
  })

  it('credentials are described by the place that provided them, never by their value', async () => {
    const { results } = await findings({ ...SOUND, ...queue() })
    expect(results.at(-1)).toEqual({
      what: 'credentials',
      state: 'fine',
      detail: 'queue: AWS credentials for eu-central-1 from the environment',
      hint: null,
    })
    expect(JSON.stringify(results)).not.toContain(SECRET)
  })

  it('credentials are looked for with the values of references, which do not appear in the result', async () => {
    const proxy = await startProxy(502)
    onTestFinished(() => proxy.close())
    const { host } = new URL(proxy.url)
    const { results } = await findings({
      ...SOUND,
      'secrets/proxy': `http://soc:T0KEN-of-proxy@${host}\n`,
      ...queue(
        'roleArn: arn:aws:iam::210987654321:role/alerts',
        `transport: { proxy: "\${file:secrets/proxy}" }`,
      ),
    })
    expect(proxy.connected).toContain('sts.eu-central-1.amazonaws.com:443')
    expect(results.at(-1)).toMatchObject({
      what: 'credentials',
      state: 'missing',
      detail: expect.stringContaining(`the proxy answered 502 (via proxy ${host})`),
    })
    expect(JSON.stringify(results)).not.toContain('T0KEN')
  })

  it('a reference without a value is named in the result of the credentials', async () => {
    const { results } = await findings({
      ...SOUND,
      ...queue(`transport: { proxy: "${envReference('SIGNALBOX_TEST_NOT_SET')}" }`),
    })
    expect(results.at(-1)).toEqual({
      what: 'credentials',
      state: 'missing',
      detail: `queue: ${envReference('SIGNALBOX_TEST_NOT_SET')} is not set`,
      hint: 'set SIGNALBOX_TEST_NOT_SET in the environment',
    })
  })
})
