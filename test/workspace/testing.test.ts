import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evaluate, type LoadedProject, loadProject } from '../../src/workspace/testing.ts'
import { signalbox } from '../cli/fake-io.ts'
import { makeProject, SOUND } from '../cli/project-on-disk.ts'

const root = makeProject(SOUND)
let project: LoadedProject
beforeAll(async () => {
  project = await loadProject({ root })
})
afterAll(() => project.close())

const LOGIN = { action: 'login', user: 'ann', n: 53 }

describe('evaluate', () => {
  it('returns what `test --reporter json` reports for the same event', async () => {
    const { out } = await signalbox(['test', '--project', root, '--format', 'json', '--test-names', 'login'])
    const { detections } = JSON.parse(out)
    const reported = detections.find(({ id }: { id: string }) => id === 'Test.Login').tests[0]
    const { name, line, durationMs, ...result } = JSON.parse(
      JSON.stringify(await evaluate('Test.Login', LOGIN)),
    )
    expect(Object.keys({ name, line, durationMs, ...result }).sort()).toEqual(Object.keys(reported).sort())
    expect(reported).toMatchObject(result)
    expect(result).toMatchObject({ matched: true, alerts: true, route: { destinations: ['inbox'] } })
  })

  it('an event without a match is no failure', async () => {
    const result = await project.evaluate('Test.Login', { action: 'logout' })
    expect(result).toMatchObject({ status: 'passed', matched: false, alerts: false, route: null })
  })

  it('checks expectations, and puts mocks in place', async () => {
    const expectations = { ExpectedTitle: 'bob logged in' }
    const result = await project.evaluate('Test.Login', LOGIN, { expectations, mocks: { title: 'mocked' } })
    expect(result.status).toBe('failed')
    expect(result.failures[0]).toMatchObject({ what: 'ExpectedTitle', actual: 'mocked' })
  })

  it('answers an unknown id with the nearest', async () => {
    await expect(project.evaluate('Test.Logn', {})).rejects.toMatchObject({
      hint: 'did you mean "Test.Login"?',
    })
  })
})

it('the errors of the project are listed if a requested detection did not load', async () => {
  const broken = await loadProject({
    root: makeProject({ ...SOUND, 'detections/login.py': 'def rule(event)\n' }),
  })
  try {
    expect(broken.problems).toHaveLength(1)
    await expect(broken.evaluate('Test.Login', {})).rejects.toThrow(/login\.py:1/)
  } finally {
    await broken.close()
  }
})
