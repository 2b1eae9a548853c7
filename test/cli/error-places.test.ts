/** Errors of Python in the words and at the places of the author. */
import { describe, expect, it } from 'vitest'
import { signalbox } from './fake-io.ts'
import { makeProject, SOUND } from './project-on-disk.ts'

const withBody = (body: string) => makeProject({ ...SOUND, 'detections/login.py': body })

it.each([
  ['a missing colon', 'def rule(event)\n    return True\n', 'detections/login.py:1:16'],
  ['an inner line', 'def rule(event):\n    return (1 +* 2)\n', 'detections/login.py:2:16'],
])('a syntax error with %s has its column', async (_, body, place) => {
  const { out } = await signalbox(['validate', '--project', withBody(body)])
  expect(out).toContain(`${place} error SyntaxError`)
  const [line = '', caret = ''] = out.split('\n').filter((each) => / \| /.test(each))
  const column = Number(place.split(':').at(-1))
  expect(caret.indexOf('^') - line.indexOf('| ') - 1).toBe(column)
})

describe('a function that returns the wrong type', () => {
  it.each([
    ['rule', 'def rule(event):\n    return "yes"\n', 'rule() returned a str, it must return True or False'],
    ['rule with None', 'def rule(event):\n    pass\n', 'rule() returned None, it must return True or False'],
    [
      'title',
      'def rule(event):\n    return event.get("action") == "login"\ndef title(event):\n    return 1\n',
      'title() returned an int, it must return a str',
    ],
  ])('%s is described without an exception', async (_, body, message) => {
    const { out } = await signalbox(['test', '--project', withBody(body)])
    expect(out).toContain(message)
    expect(out).not.toContain('FunctionReturnTypeError')
  })
})
