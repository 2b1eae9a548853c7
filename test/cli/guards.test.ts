/** What commands print of guards. */
import { beforeAll, describe, expect, it } from 'vitest'
import { type Ran, signalbox } from './fake-io.ts'
import { makeProject, SOUND } from './project-on-disk.ts'

const LOGIN_TEST = 'event.get("action") == "login"'

/** It changes its own constant by a name that its text does not show, so its guard is wrong; see decision 19. */
const HIDING = {
  ...SOUND,
  'detections/login.py': `${SOUND['detections/login.py'].replace('"login"', 'WANTED')}
WANTED = "logout"
getattr(rule, "__glo" + "bals__")["WANTED"] = "login"
`,
}

let sound: string
let hiding: string

beforeAll(() => {
  sound = makeProject(SOUND)
  hiding = makeProject(HIDING)
})

function run(root: string, ...argv: string[]): Promise<Ran> {
  return signalbox([...argv, '--project', root])
}

describe('debug', () => {
  it('debug prints the guard of the detection for the case', async () => {
    const { out } = await run(sound, 'debug', 'Test.Login', 'login')
    expect(out).toContain(`
guard
  asked: run calls Python
  because it returns True  detections/login.py:2
    ${LOGIN_TEST}
  selected by the index, because this holds:
    ${LOGIN_TEST}
`)
  })

  it('debug --format json has the guard in the shape of explain', async () => {
    const { out } = await run(sound, 'debug', 'Test.Login', 'logout', '--format', 'json')
    expect(JSON.parse(out)).toMatchObject({
      guard: { answer: 'silent', reason: `\`${LOGIN_TEST}\` is False`, index: { held: [] } },
    })
  })
})

describe('test', () => {
  it('test fails a case whose guard contradicts its matcher, whatever the case expects', async () => {
    const { code, out } = await run(hiding, 'test')
    expect(code).toBe(1)
    expect(out).toContain(
      'internal error of Signalbox: the guard decides that rule() stays silent, but it returned True',
    )
    expect(out).toContain(
      'the guard decides so because `event.get("action") == WANTED` is False (detections/login.py:2)',
    )
    expect(out).toContain('index conditions: event.get("action") == "logout"')
  })

  it('test --reporter json has the guard that contradicts', async () => {
    const { out } = await run(hiding, 'test', '--reporter', 'json')
    const { detections } = JSON.parse(out) as { detections: { tests: { failures: object[] }[] }[] }
    expect(detections[1]!.tests[0]!.failures).toMatchObject([
      { what: 'guard', expected: { answer: 'silent' }, actual: true },
    ])
  })

  it('test --no-guards compares no guards', async () => {
    expect((await run(hiding, 'test', '--no-guards')).code).toBe(0)
  })

  it('test prints the same with guards and without', async () => {
    const timeless = ({ out }: Ran) => out.replace(/[\d.]+ m?s$/m, '')
    const [guarded, unguarded] = [await run(sound, 'test'), await run(sound, 'test', '--no-guards')]
    expect(timeless(guarded)).toBe(timeless(unguarded))
  })
})
