/** What commands print of guards. */
import { beforeAll, describe, expect, it } from 'vitest'
import { type Ran, signalbox } from './fake-io.ts'
import { LOGIN, makeProject, SOUND } from './project-on-disk.ts'

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

/** Body -> what `validate --guards` says of it, and the body that its hint asks for. */
const UNGUARDED: readonly (readonly [
  title: string,
  message: string,
  hint: string,
  body: string,
  better: string,
])[] = [
  [
    'a method of an absent field',
    '3:12 info Test.Login sees every event: on an event without fields, it raises AttributeError: `event.get("action")` is None',
    'give a default: event.get("action", "")',
    'return event.get("action").startswith("log")',
    'return event.get("action", "").startswith("log")',
  ],
  [
    'an absent key',
    '3:12 info Test.Login sees every event: on an event without fields, it raises KeyError',
    'use event.get(...) instead of event[...], which raises an exception on events without the field',
    'return event["action"] == "login"',
    'return event.get("action") == "login"',
  ],
  [
    'a call that is not followed',
    '3:12 info Test.Login sees every event: on an event without fields, this is not followed: json.loads()',
    'compare a field of the event with constants before this part, and return False if it differs: nothing after that needs a guard',
    'return json.loads(event.get("text", "{}")) == {} and event.get("action") == "login"',
    'return event.get("action") == "login" and json.loads(event.get("text", "{}")) == {}',
  ],
  [
    'an alert without fields',
    '3:12 info Test.Login sees every event: on an event without fields, it returns True',
    'require a field first, for example: if event.get("eventName") != "CreateUser": return False',
    'return event.get("action") != "logout"',
    'return event.get("kind") == "session" and event.get("action") != "logout"',
  ],
  [
    'a result that is not a truth value',
    '3:12 info Test.Login sees every event: on an event without fields, it returns None, which is neither True nor False',
    'return True or False on every path, for example with bool(...)',
    'return event.get("action") and event.get("user") == "ann"',
    'return bool(event.get("action")) and event.get("user") == "ann"',
  ],
]

const withBody = (statement: string) =>
  makeProject({
    ...SOUND,
    'detections/login.yml': LOGIN.slice(0, LOGIN.indexOf('Tests:')),
    'detections/login.py': `import json\ndef rule(event):\n    ${statement}\n`,
  })

describe('validate --guards', () => {
  it('validate --guards says that all rules are guarded, and nothing of disabled ones', async () => {
    expect(await run(sound, 'validate', '--guards')).toMatchObject({
      code: 0,
      out: '2 detections, 2 destinations: no problems\nguards: 1 of 1 detections, 1 of 1 log types complete\n',
    })
  })

  it.each(UNGUARDED)(
    'validate --guards lists %s, with a true hint',
    async (_, message, hint, body, better) => {
      const { code, out } = await run(withBody(body), 'validate', '--guards')
      expect(code).toBe(0)
      expect(out).toContain(`detections/login.py:${message} [unguarded]\n  3 |     ${body}\n`)
      expect(out).toContain(`  hint: ${hint}\n`)
      expect(out).toContain(
        'guards: 0 of 1 detections, 0 of 1 log types complete\n  Test.Log: 1 of 1 rule sees every event\n',
      )
      expect((await run(withBody(better), 'validate', '--guards')).out).toContain('guards: 1 of 1 detections')
    },
  )

  it('validate --guards --format json lists the problems, and the log types with their rules', async () => {
    const { out } = await run(withBody(UNGUARDED[0]![3]), 'validate', '--guards', '--format', 'json')
    expect(JSON.parse(out)).toMatchObject({
      problems: [{ severity: 'info', code: 'unguarded', file: 'detections/login.py', line: 3, column: 12 }],
      guards: {
        detections: { total: 1, guarded: 0 },
        logTypes: [{ logType: 'Test.Log', rules: 1, seesEveryEvent: ['Test.Login'], alwaysInPython: [] }],
      },
    })
  })

  it('validate --guards exits with 1 where warnings.error names unguarded', async () => {
    const root = makeProject({
      ...SOUND,
      'signalbox.yaml': 'workers: 1\nwarnings: { error: [unguarded] }\n',
      'detections/login.py': 'def rule(event):\n    return event["action"] == "login"\n',
    })
    expect((await run(root, 'validate', '--guards')).code).toBe(1)
    expect((await run(root, 'validate')).code).toBe(0)
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
    const timeless = ({ out }: Ran) => out.replace(/\s*[\d.]+ m?s$/gm, '')
    const [guarded, unguarded] = [await run(sound, 'test'), await run(sound, 'test', '--no-guards')]
    expect(timeless(guarded)).toBe(timeless(unguarded))
  })
})
