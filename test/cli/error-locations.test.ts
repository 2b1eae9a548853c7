/** Errors of Python are described in the author's terms, at locations in the author's files. */
import { beforeAll, describe, expect, it } from 'vitest'
import { signalbox } from './fake-io.ts'
import { partOf, withBodies } from './project-on-disk.ts'

async function run(
  command: string,
  bodies: readonly (readonly [name: string, body: string, ...unknown[]])[],
) {
  return (await signalbox([command, '--project', withBodies(bodies)])).out
}

describe('a syntax error', () => {
  const ERRORS: [string, string, string, string][] = [
    ['Colon', 'def rule(event)\n    return True\n', 'detections/Colon.py:1:16', 'a missing colon'],
    ['Inner', 'def rule(event):\n    return (1 +* 2)\n', 'detections/Inner.py:2:16', 'an inner line'],
  ]
  let out: string
  beforeAll(async () => {
    out = await run('validate', ERRORS)
  })

  it.each(ERRORS)('a syntax error with $3 is reported at its column', (_name, _body, place) => {
    expect(out).toContain(`${place} error SyntaxError`)
    const [line = '', caret = ''] = out
      .slice(out.indexOf(place))
      .split('\n')
      .filter((each) => / \| /.test(each))
    const column = Number(place.split(':').at(-1))
    expect(caret.indexOf('^') - line.indexOf('| ') - 1).toBe(column)
  })
})

describe('an exception while a body is loaded', () => {
  const ERRORS: [string, string, string, string][] = [
    ['Expression', 'X = {"a": 1}["b"]\n', 'detections/Expression.py:1:5', 'KeyError'],
    ['Block', 'if True:\n    X = 1 / 0\n', 'detections/Block.py:2:9', 'ZeroDivisionError'],
    ['Letters', 'X = "éü" + str(1 / 0)\n', 'detections/Letters.py:1:16', 'ZeroDivisionError'],
    ['Function', 'def f():\n\treturn [][0]\nX = 1 + f()\n', 'detections/Function.py:2:9', 'IndexError'],
    ['Import', 'import json\nimport json, nowhere\n', 'detections/Import.py:2:1', 'ModuleNotFoundError'],
  ]
  let out: string
  beforeAll(async () => {
    out = await run('validate', ERRORS)
  })

  it.each(ERRORS)(
    'an error while a body is loaded is reported at the line and column that raised it: %s',
    (_name, body, place, type) => {
      expect(out).toContain(`${place} error ${type}`)
      const [line = '', caret = ''] = out
        .slice(out.indexOf(place))
        .split('\n')
        .filter((each) => / \| /.test(each))
      const [, lineNumber, column] = place.split(':').map(Number)
      expect(line.slice(line.indexOf('| ') + 2)).toBe(body.split('\n')[lineNumber! - 1]!.replace('\t', '→'))
      expect(caret.indexOf('^') - line.indexOf('| ') - 1).toBe(column)
    },
  )
})

describe('a function that returns the wrong type', () => {
  const WRONG: [string, string, string][] = [
    ['Rule', 'def rule(event):\n    return "yes"\n', 'rule() returned a str, it must return True or False'],
    ['None', 'def rule(event):\n    pass\n', 'rule() returned None, it must return True or False'],
    [
      'Title',
      'def rule(event):\n    return event.get("action") == "login"\ndef title(event):\n    return 1\n',
      'title() returned an int, it must return a str',
    ],
  ]
  let out: string
  beforeAll(async () => {
    out = await run('test', WRONG)
  })

  it.each(WRONG)('%s is described without an exception', (name, _, message) => {
    expect(partOf(out, name)).toContain(message)
    expect(out).not.toContain('FunctionReturnTypeError')
  })
})
