/** Requirements of packages, and their conditions. */
import { describe, expect, it } from 'vitest'
import { applies, parseRequirement } from '../../src/packages/requirement.ts'

describe('requirements', () => {
  it.each([
    ['six', { name: 'six', extras: [], versions: '', marker: null }],
    [
      'Python_Dateutil >= 2.7, < 3',
      { name: 'python-dateutil', extras: [], versions: '>=2.7,<3', marker: null },
    ],
    ['a.b[x, Y_z]==1.0.*', { name: 'a-b', extras: ['x', 'y-z'], versions: '==1.0.*', marker: null }],
    ['a (>=1.5)', { name: 'a', extras: [], versions: '>=1.5', marker: null }],
    ['a~=1.4.2; os_name == "nt"', { name: 'a', extras: [], versions: '~=1.4.2', marker: 'os_name == "nt"' }],
  ])('%s', (text, expected) => {
    expect(parseRequirement(text)).toEqual(expected)
  })

  it.each(['', '-a', 'a b', 'a ==', 'a @ https://example.com/a.whl', 'a>1 or b', 'a=1'])(
    'refuses %j',
    (text) => {
      expect(() => parseRequirement(text)).toThrow('invalid requirement')
    },
  )
})

describe('conditions', () => {
  it.each([
    ['python_version >= "3.8"', true],
    ["python_version < '3.9'", false],
    ['python_version == "3.14"', true],
    ['python_full_version >= "3.14.0"', true],
    ['sys_platform == "win32"', false],
    ['sys_platform != "win32"', true],
    ['"linux" in sys_platform', false],
    ['"linux" not  in sys_platform', true],
    ['platform_python_implementation == "CPython" and os_name == "posix"', true],
    ['os_name == "nt" or (os_name == "posix" and python_version > "3")', true],
    ['os_name == "nt" and os_name == "posix" or os_name == "posix"', true],
    ['extra == "speed"', false],
  ])('%s: %s', (marker, expected) => {
    expect(applies(parseRequirement(`a; ${marker}`), [])).toBe(expected)
  })

  it('conditions on extras hold for the extras that were requested', () => {
    const requirement = parseRequirement('a; extra == "speed" and python_version > "3"')
    expect(applies(requirement, ['other', 'speed'])).toBe(true)
    expect(applies(requirement, ['other'])).toBe(false)
  })

  it.each([
    'nonsense',
    'os_name',
    'os_name == ',
    'os_name == "nt" os_name',
    '(os_name == "nt"',
    'unknown == "x"',
  ])('conditions that cannot be parsed are refused: %s', (marker) => {
    expect(() => applies(parseRequirement(`a; ${marker}`), [])).toThrow('invalid environment marker')
  })
})
