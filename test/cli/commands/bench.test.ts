/** Tests `bench`: what it counts, what it selects, and its output. No time is asserted. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Ran, signalbox } from '../fake-io.ts'
import { makeProject, SOUND } from '../project-on-disk.ts'

let root: string
beforeAll(() => {
  root = makeProject(SOUND)
})

function bench(...argv: string[]): Promise<Ran> {
  return signalbox(['bench', ...argv, '--repeat', '2', '--project', root])
}

interface Measured {
  readonly detection: string
  readonly events: number
  readonly decided: number
  readonly matched: number
  readonly functions: readonly { readonly name: string; readonly calls: number; readonly us: number }[]
}

async function measured(...argv: string[]): Promise<readonly Measured[]> {
  const { code, out } = await bench(...argv, '--format', 'json')
  expect(code).toBe(0)
  return (JSON.parse(out) as { detections: Measured[] }).detections
}

describe('bench', () => {
  it('bench measures each function on the test events of the enabled detections', async () => {
    const [login, ...others] = await measured()
    expect(others).toEqual([])
    expect(login).toMatchObject({
      detection: 'Test.Login',
      events: 2,
      decided: 1,
      matched: 1,
      functions: [
        { name: 'rule', calls: 2, us: expect.any(Number) },
        { name: 'title', calls: 1, us: expect.any(Number) },
      ],
      guardUs: expect.any(Number),
      usPerEvent: { withGuards: expect.any(Number), withoutGuards: expect.any(Number) },
    })
  })

  it('bench prints a table with bars, the slowest functions and the share of the guards', async () => {
    const { code, out } = await bench()
    expect(code).toBe(0)
    expect(out).toMatch(/^Test\.Login +2 +1 +[\d.]+ +[\d.]+ +[\d.]+ +[█░]+$/m)
    expect(out).toMatch(/^Test\.Login +title\(\) +1 +[\d.]+ +█+$/m)
    expect(out).toContain('guards decided 1 of 2 evaluations (50 %)')
  })

  it('bench --events measures the events of the log types of a detection', async () => {
    const file = join(root, 'events.ndjson')
    const events = [
      { action: 'login', user: 'ann', p_log_type: 'Test.Log' },
      { action: 'logout', p_log_type: 'Test.Log' },
      { action: 'login', p_log_type: 'Other.Log' },
      { action: 'logout' },
    ]
    writeFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join(''))
    expect(await measured('--events', file)).toMatchObject([{ events: 2, decided: 1, matched: 1 }])
    expect(await measured('Test.Login', '--events', file)).toMatchObject([{ events: 3, decided: 2 }])
  })

  it('bench --events says how many events have no p_log_type, and what that does', async () => {
    const typed = '{"action":"login","p_log_type":"Test.Log"}\n'
    const untyped = '{"action":"login"}\n'
    const notes = async (content: string, ...argv: string[]) => {
      const { code, err } = await signalbox(['bench', ...argv, '--events', '-', '--project', root], content)
      return { code, err }
    }
    const few = await notes(typed + untyped)
    expect(few).toMatchObject({
      code: 0,
      err: expect.stringContaining('1 of 2 events has no p_log_type: rules are not measured'),
    })
    const none = await notes(untyped)
    expect(none.code).toBe(1)
    expect(none.err).toContain('no events to measure\n1 of 1 event has no p_log_type')
    const named = await notes(untyped, 'Test.Login')
    expect(named).toMatchObject({
      code: 0,
      err: expect.stringContaining('a detection that reads a data model'),
    })
    expect((await notes(typed)).err).not.toContain('p_log_type')
  })

  it('bench --events names the line that is no JSON object and exits with 2', async () => {
    const { code, err } = await signalbox(['bench', '--events', '-', '--project', root], '{}\n[1]\n')
    expect(code).toBe(2)
    expect(err).toContain('standard input:2 is not a JSON object')
  })

  it('bench exits with 1 where there is no event to measure', async () => {
    const { code, err } = await bench('Test.Disabled')
    expect(code).toBe(1)
    expect(err).toContain('no events to measure')
  })

  it('bench suggests a similar id', async () => {
    const { code, err } = await bench('Test.Logn')
    expect(code).toBe(2)
    expect(err).toContain('did you mean "Test.Login"?')
  })
})
