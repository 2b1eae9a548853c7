/** What match expressions hold of an event: every condition, every form of key, every combinator. */
import { describe, expect, it } from 'vitest'
import { CONDITIONS } from '../../src/model/project/condition.ts'
import { holds } from '../support/expressions.ts'

const EVENT = JSON.stringify({
  name: 'Pluto',
  Kind: 'DWARF_PLANET',
  none: null,
  no: false,
  zero: 0,
  empty: '',
  list: [],
  record: {},
  count: 5,
  ratio: 2.5,
  ip: '10.1.2.3',
  public: '8.8.8.8',
  shared: '100.64.0.1',
  v6: '2606:4700::1111',
  local6: 'fe80::1',
  net: '192.0.2.0/24',
  tags: ['Icy', 'small', 7],
  'dotted.name': 1,
  moons: [
    { name: 'Charon', year: 1978, by: ['Christy'] },
    { name: 'Nix', year: 2005, by: ['Weaver', 'Stern'] },
  ],
  deep: { er: { est: 'bottom' } },
  same: 'Pluto',
})

/** Key and condition, what it is compared with, and whether it holds. */
const SCALARS: [key: string, condition: string, operand: string, expected: boolean][] = [
  ['name', 'Equals', 'Pluto', true],
  ['name', 'Equals', 'pluto', false],
  ['NAME', 'Equals', 'Pluto', true],
  ['kind', 'Equals', 'DWARF_PLANET', true],
  ['count', 'Equals', '5', true],
  ['count', 'Equals', '5.0', true],
  ['count', 'Equals', '"5"', false],
  ['no', 'Equals', 'false', true],
  ['zero', 'Equals', 'false', false],
  ['none', 'Equals', 'null', true],
  ['missing', 'Equals', 'null', false],
  ['missing', 'Equals', 'x', false],
  ['name', 'DoesNotEqual', 'Pluto', false],
  ['missing', 'DoesNotEqual', 'x', true],
  ['name', 'IEquals', 'PLUTO', true],
  ['name', 'IDoesNotEqual', 'PLUTO', false],
  ['name', 'StartsWith', 'Plu', true],
  ['name', 'StartsWith', 'plu', false],
  ['name', 'IStartsWith', 'plu', true],
  ['count', 'StartsWith', '5', false],
  ['count', 'DoesNotStartWith', '5', true],
  ['name', 'IDoesNotStartWith', 'PLU', false],
  ['name', 'EndsWith', 'to', true],
  ['name', 'DoesNotEndWith', 'to', false],
  ['name', 'IEndsWith', 'TO', true],
  ['name', 'IDoesNotEndWith', 'TO', false],
  ['name', 'Contains', 'lut', true],
  ['name', 'Has', 'lut', true],
  ['tags', 'Contains', 'small', true],
  ['tags', 'Contains', 'mall', false],
  ['tags', 'Has', '7', true],
  ['tags', 'Contains', 'icy', false],
  ['tags', 'IContains', 'icy', true],
  ['tags', 'IHas', 'ICY', true],
  ['deep', 'Has', 'er', true],
  ['tags', 'DoesNotContain', 'small', false],
  ['tags', 'DoesNotHave', 'none', true],
  ['name', 'IDoesNotContain', 'PLU', false],
  ['name', 'IDoesNotHave', 'PLU', false],
  ['missing', 'DoesNotHave', 'x', true],
  ['count', 'IsGreaterThan', '4', true],
  ['count', 'IsGreaterThan', '5', false],
  ['name', 'IsGreaterThan', '5', false],
  ['missing', 'IsGreaterThan', '5', false],
  ['name', 'IsGreaterThan', 'Oberon', true],
  ['count', 'IsGreaterThanOrEquals', '5', true],
  ['count', 'IsGreaterThanOrEqual', '5.1', false],
  ['ratio', 'IsLessThan', '2.6', true],
  ['ratio', 'IsLessThan', '2.5', false],
  ['ratio', 'IsLessThanOrEquals', '2.5', true],
  ['name', 'IsLessThanOrEqual', '9', false],
  ['ip', 'IsIPAddressInCIDR', '10.0.0.0/8', true],
  ['ip', 'IsIPAddressInCIDR', '10.1.2.3', true],
  ['ip', 'IsIPAddressInCIDR', 'nonsense', false],
  ['name', 'IsIPAddressInCIDR', '0.0.0.0/0', false],
  ['v6', 'IsIPAddressInCIDR', '2606:4700::/32', true],
  ['ip', 'IsIPAddressNotInCIDR', '10.0.0.0/8', false],
  ['net', 'CIDRContainsIPAddresses', '192.0.2.77', true],
  ['net', 'CIDRDoesNotContainIPAddresses', '192.0.3.1', true],
]
const LISTS: typeof SCALARS = [
  ['name', 'IsIn', '[Eris, Pluto]', true],
  ['name', 'IsIn', '[]', false],
  ['count', 'IsIn', '["5", 6]', false],
  ['name', 'IsNotIn', '[Eris, Pluto]', false],
  ['missing', 'IsNotIn', '[Eris]', true],
  ['ip', 'IsIPAddressInCIDR', '[192.168.0.0/16, 10.1.0.0/16]', true],
  ['ip', 'IsIPAddressNotInCIDR', '[192.168.0.0/16, 172.16.0.0/12]', true],
  ['net', 'CIDRContainsIPAddresses', '[192.0.2.1, 192.0.2.2]', true],
  ['net', 'CIDRContainsIPAddresses', '[192.0.2.1, 192.0.3.2]', false],
  ['net', 'CIDRDoesNotContainIPAddresses', '[192.0.2.1]', false],
]
const BARE: [key: string, condition: string, expected: boolean][] = [
  ['none', 'Exists', true],
  ['missing', 'Exists', false],
  ['missing', 'DoesNotExist', true],
  ['none', 'IsNull', true],
  ['missing', 'IsNull', true],
  ['empty', 'IsNull', false],
  ['none', 'IsNotNull', false],
  ['missing', 'IsNotNull', false],
  ['empty', 'IsNullOrEmpty', true],
  ['list', 'IsNullOrEmpty', true],
  ['record', 'IsNullOrEmpty', true],
  ['no', 'IsNullOrEmpty', true],
  ['zero', 'IsNullOrEmpty', true],
  ['missing', 'IsNullOrEmpty', true],
  ['name', 'IsNullOrEmpty', false],
  ['name', 'IsNotNullOrEmpty', true],
  ['missing', 'IsNotNullOrEmpty', false],
  ['ip', 'IsIPAddress', true],
  ['v6', 'IsIPAddress', true],
  ['name', 'IsIPAddress', false],
  ['count', 'IsIPAddress', false],
  ['ip', 'IsIPv4Address', true],
  ['v6', 'IsIPv4Address', false],
  ['v6', 'IsIPv6Address', true],
  ['ip', 'IsIPAddressPrivate', true],
  ['local6', 'IsIPAddressPrivate', true],
  ['public', 'IsIPAddressPrivate', false],
  ['public', 'IsIPAddressPublic', true],
  ['v6', 'IsIPAddressPublic', true],
  ['ip', 'IsIPAddressPublic', false],
  ['shared', 'IsIPAddressPublic', false],
  ['shared', 'IsIPAddressPrivate', false],
  ['name', 'IsIPAddressPublic', false],
]

describe('a condition', () => {
  it.each(SCALARS)('%s %s %s: %s', (key, condition, value, expected) => {
    expect(holds(`{ Key: ${key}, Condition: ${condition}, Value: ${value} }`, EVENT)).toBe(expected)
  })
  it.each(LISTS)('%s %s %s: %s', (key, condition, values, expected) => {
    expect(holds(`{ Key: ${key}, Condition: ${condition}, Values: ${values} }`, EVENT)).toBe(expected)
  })
  it.each(BARE)('%s %s: %s', (key, condition, expected) => {
    expect(holds(`{ Key: ${key}, Condition: ${condition} }`, EVENT)).toBe(expected)
  })
  it('the tables of conditions contain every condition', () => {
    const covered = new Set([...SCALARS, ...LISTS, ...BARE].map(([, condition]) => condition))
    expect([...CONDITIONS.keys()].filter((name) => !covered.has(name))).toEqual([])
  })
  it('distinguishes integers that a double would make equal', () => {
    const large = (value: string) =>
      holds(`{ Key: id, Condition: Equals, Value: ${value} }`, '{"id": 9007199254740993}')
    expect([large('9007199254740993'), large('9007199254740992')]).toEqual([true, false])
  })
  it.each(['null', '1', '"text"', '[]'])('does not mind that the event is %s', (event) => {
    expect(holds('{ Key: a, Condition: Equals, Value: 1 }', event)).toBe(false)
  })
})

describe('a key', () => {
  it.each([
    ['KeyPath: deep.er.est', true],
    ['KeyPath: $.deep.er.est', true],
    ['DeepKey: [deep, er, est]', true],
    ['Key: deep.er.est', false],
    ['Key: dotted.name', false],
    ['KeyPath: dotted.name', false],
  ])('the key %s leads to "bottom": %s', (key, expected) => {
    expect(holds(`{ ${key}, Condition: Equals, Value: bottom }`, EVENT)).toBe(expected)
  })
  it.each([
    ['Key: dotted.name', 1],
    ['KeyPath: \'["dotted.name"]\'', 1],
    ['KeyPath: "moons[1].year"', 2005],
    ['KeyPath: "moons[-1].year"', 2005],
    ['DeepKey: [moons, 0, year]', 1978],
  ])('the key %s leads to %s', (key, value) => {
    expect(holds(`{ ${key}, Condition: Equals, Value: ${value} }`, EVENT)).toBe(true)
  })
  it.each([
    ['KeyPath: "moons[2].year"'],
    ['KeyPath: "moons.name"'],
    ['KeyPath: "name[0]"'],
    ['DeepKey: [deep, er, est, more]'],
    ['KeyPath: "list[*]"'],
  ])('the key %s leads nowhere', (key) => {
    expect(holds(`{ ${key}, Condition: DoesNotExist }`, EVENT)).toBe(true)
  })
  it.each([
    ['Equals, Value: Nix', true],
    ['Equals, Value: Hydra', false],
    ['DoesNotEqual, Value: Nix', false],
    ['DoesNotEqual, Value: Hydra', true],
  ])(
    'a condition over every element needs one element that matches %s, and its opposite needs all elements',
    (condition, expected) => {
      expect(holds(`{ KeyPath: "moons[*].name", Condition: ${condition} }`, EVENT)).toBe(expected)
    },
  )
  it.each([
    ['Equals', 'name', 'same', true],
    ['Equals', 'tags', 'tags', true],
    ['Equals', 'moons', 'tags', false],
    ['DoesNotEqual', 'name', 'same', false],
    ['IsGreaterThan', 'count', 'ratio', true],
    ['StartsWith', 'name', 'same', true],
    ['Equals', 'missing', 'missing', false],
  ])('%s compares %s with %s: %s', (condition, left, right, expected) => {
    expect(holds(`{ Condition: ${condition}, Values: [{ Key: ${left} }, { Key: ${right} }] }`, EVENT)).toBe(
      expected,
    )
  })
})

describe('elements of a list', () => {
  const OLD = '{ Key: year, Condition: IsLessThan, Value: 2000 }'
  const ANY = '{ Key: year, Condition: Exists }'
  it.each([
    ['AnyElement', OLD, true],
    ['AllElements', OLD, false],
    ['AllElements', ANY, true],
    ['OnlyOneElement', OLD, true],
    ['OnlyOneElement', ANY, false],
    ['NoElement', OLD, false],
    ['NoElement', `${OLD}, { Key: name, Condition: Equals, Value: Nix }`, true],
    ['AnyElement', `${OLD}, { Key: by, Condition: Has, Value: Christy }`, true],
  ])('%s meets %s: %s', (quantifier, expressions, expected) => {
    const yaml = `{ Key: moons, Condition: ${quantifier}, Expressions: [${expressions}] }`
    expect(holds(yaml, EVENT)).toBe(expected)
  })
  it.each(['missing', 'name'])('%s, which is not a list, has no elements', (key) => {
    expect(
      holds(`{ Key: ${key}, Condition: NoElement, Expressions: [{ Condition: AlwaysTrue }] }`, EVENT),
    ).toBe(true)
  })
})

describe('a combinator', () => {
  const YES = '{ Condition: AlwaysTrue }'
  const NO = '{ Condition: AlwaysFalse }'
  it.each([
    ['All', '', true],
    ['All', `${YES}, ${YES}`, true],
    ['All', `${YES}, ${NO}`, false],
    ['Any', '', false],
    ['Any', `${NO}, ${YES}`, true],
    ['OnlyOne', `${NO}, ${YES}`, true],
    ['OnlyOne', `${YES}, ${YES}`, false],
    ['None', '', true],
    ['None', `${NO}, ${NO}`, true],
    ['None', `${NO}, ${YES}`, false],
    ['None', `{ Any: [${NO}, { All: [${YES}, ${NO}] }] }`, true],
  ])('%s of [%s]: %s', (combinator, members, expected) => {
    expect(holds(`{ ${combinator}: [${members}] }`, '{}')).toBe(expected)
  })
  it('is All where the list names none', () => {
    expect([holds(`[${YES}, ${NO}]`, '{}'), holds(`[${YES}]`, '{}'), holds('[]', '{}')]).toEqual([
      false,
      true,
      true,
    ])
  })
})
