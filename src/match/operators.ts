/** The operators of conditions: one value of an event against what the rule names. Never throws: a wrong type says no. */

import { isContainer, numberOf } from '../core/exact-json.ts'
import type { Operator } from '../model/project/condition.ts'
import { isInNetwork, isIP, isIPv4, isIPv6, isPrivate, isPublic } from './ip-address.ts'

/** Tests a value against the values of a condition. */
export type Test = (value: unknown, others: readonly unknown[]) => boolean

export const TESTS: Record<Exclude<Operator, 'exists'>, Test> = {
  equals: (value, [other]) => isEqual(value, other),
  'starts with': text((value, other) => value.startsWith(other)),
  'ends with': text((value, other) => value.endsWith(other)),
  contains: (value, [other]) => contains(value, other),
  'is in': (value, others) => others.some((other) => isEqual(value, other)),
  greater: (value, [other]) => compare(value, other) === 'greater',
  'greater or equal': (value, [other]) => ['greater', 'equal'].includes(compare(value, other)),
  less: (value, [other]) => compare(value, other) === 'less',
  'less or equal': (value, [other]) => ['less', 'equal'].includes(compare(value, other)),
  null: (value) => value === null,
  'null or empty': isEmpty,
  ip: address((value) => isIP(value) !== 0),
  ipv4: address(isIPv4),
  ipv6: address(isIPv6),
  'public ip': address(isPublic),
  'private ip': address(isPrivate),
  'in cidr': (value, networks) =>
    typeof value === 'string' && networks.some((network) => isInNetwork(value, String(network))),
  'cidr contains': (value, addresses) =>
    typeof value === 'string' &&
    addresses.length > 0 &&
    addresses.every((each) => isInNetwork(String(each), value)),
}

/** Lowers the case of texts at every depth, for conditions that ignore case. */
export function toLowerCase(value: unknown): unknown {
  if (typeof value === 'string') return value.toLowerCase()
  return Array.isArray(value) ? value.map(toLowerCase) : value
}

function text(test: (value: string, other: string) => boolean): Test {
  return (value, [other]) => typeof value === 'string' && typeof other === 'string' && test(value, other)
}

function address(test: (value: string) => boolean): Test {
  return (value) => typeof value === 'string' && test(value)
}

/** A part of a text, an element of a list, a name of a mapping. */
function contains(value: unknown, other: unknown): boolean {
  if (typeof value === 'string') return typeof other === 'string' && value.includes(other)
  if (Array.isArray(value)) return value.some((item) => isEqual(item, other))
  return isContainer(value) && typeof other === 'string' && Object.hasOwn(value, other)
}

/** True for every value that is false in Python, including false and 0. */
function isEmpty(value: unknown): boolean {
  if (isContainer(value)) return Object.keys(value).length === 0
  const number = numberOf(value)
  return value === null || value === '' || value === false || (number !== undefined && Number(number) === 0)
}

/** Compares by value at every depth. 1 and 1.0 are equal; 1, "1" and true are not. */
function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (numberOf(a) !== undefined) return compare(a, b) === 'equal'
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, at) => isEqual(item, b[at]))
  }
  if (!isContainer(a) || !isContainer(b) || Array.isArray(b)) return false
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  const keys = Object.keys(left)
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && isEqual(left[key], right[key]))
  )
}

/** Numbers with numbers, texts with texts; anything else has no order. */
function compare(a: unknown, b: unknown): 'less' | 'equal' | 'greater' | 'unordered' {
  const [left, right] = typeof a === 'string' && typeof b === 'string' ? [a, b] : [numberOf(a), numberOf(b)]
  if (left === undefined || right === undefined) return 'unordered'
  if (left < right) return 'less'
  return left > right ? 'greater' : 'equal'
}
