import { describe, expect, it } from 'vitest'
import { KEY_ID, SECRET } from '../support/aws.ts'
import { withEnvironment } from '../support/environment.ts'
import { signalbox } from './fake-io.ts'
import { makeProject, SOUND } from './project-on-disk.ts'

async function findings(files: Readonly<Record<string, string>>) {
  const { code, out } = await signalbox(['doctor', '--project', makeProject(files), '--format', 'json'])
  const told = JSON.parse(out).findings as { what: string; state: string; told: string }[]
  return { code, states: Object.fromEntries(told.map(({ what, state }) => [what, state])), told }
}

describe('doctor', () => {
  it('finds nothing missing in a sound project', async () => {
    const { code, states } = await findings(SOUND)
    expect(code).toBe(0)
    expect(states).toEqual({
      node: 'fine',
      cache: 'fine',
      files: 'fine',
      python: 'fine',
      destinations: 'fine',
      secrets: 'fine',
      store: 'fine',
    })
  })

  it('tells what an empty folder lacks', async () => {
    const { code, states } = await findings({})
    expect([code, states.files, states.destinations]).toEqual([1, 'missing', 'missing'])
  })

  it('tells bodies that do not load, secrets that are not set, and a fallback that is not declared', async () => {
    const { states, told } = await findings({
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
    expect(told.find(({ what }) => what === 'secrets')?.told).toContain('SIGNALBOX_TEST_NOT_SET')
  })

  it('prints a line each, with what to do', async () => {
    const { out } = await signalbox(['doctor', '--project', makeProject({})])
    expect(out).toMatch(
      /^missing {2}destinations {2}no destinations\.yaml\n +`signalbox destinations add` begins one/m,
    )
  })
})

describe('credentials that a library looks for', () => {
  withEnvironment({ AWS_ACCESS_KEY_ID: KEY_ID, AWS_SECRET_ACCESS_KEY: SECRET, AWS_PROFILE: undefined })

  it('are told by the place that served, never by what they are', async () => {
    const { told } = await findings({
      ...SOUND,
      'destinations.yaml': `version: 1
fallback: [queue]
destinations:
  - name: queue
    type: sqs
    options: { queueUrl: https://sqs.eu-central-1.amazonaws.com/1/alerts }
`,
    })
    expect(told.at(-1)).toEqual({
      what: 'credentials',
      state: 'fine',
      told: 'queue: AWS credentials for eu-central-1 from the environment',
      hint: null,
    })
    expect(JSON.stringify(told)).not.toContain(SECRET)
  })
})
