/** How to write a detection so that it has a guard and index conditions. */
import type { GuardReason } from '../../model/events/guard-report.ts'
import type { DetectionType } from '../../model/project/detection.ts'

const COMPARE_FIRST =
  'compare a field of the event with constants before this part, and return False if it differs: nothing after that needs a guard'

export function guardHint({ kind, message, part }: GuardReason, type: DetectionType): string {
  switch (kind) {
    case 'off':
      return 'run without --no-guards'
    case 'group':
      return 'write the named part in another way, or put its file into a trust group of its own'
    case 'shape':
      return shapeHint(message, type)
    case 'model':
      return 'list LogTypes, and map each unified field once, by a path of names or a function of the data model'
    case 'raises':
      return raisesHint(message)
    case 'returns':
      return 'return True or False on every path, for example with bool(...)'
    case 'matches':
      return 'require a field first, for example: if event.get("eventName") != "CreateUser": return False'
    case 'construct':
      return constructHint(message)
    case 'value':
    case 'filled':
      return part ? COMPARE_FIRST : 'compare a field of the event with constants first'
  }
}

function shapeHint(message: string, type: DetectionType): string {
  const matcher = type === 'policy' ? 'policy(resource)' : 'rule(event)'
  if (message.includes('can change what names mean'))
    return 'do not use exec, eval, globals(), setattr, importlib, sys.modules or attributes with double underscores'
  return message.includes('plain function') || message.includes('one parameter')
    ? `define ${matcher} once, at the top level of its file, without a decorator`
    : 'correct the file, then validate again'
}

const ABSENT_FIELD = /`(?:event|resource)\.(get|deep_get)\((.*)\)` is None$/

function raisesHint(message: string): string {
  const [, method, keys] = ABSENT_FIELD.exec(message) ?? []
  if (method === 'get' && !keys!.includes(',')) return `give a default: event.get(${keys}, "")`
  if (method === 'deep_get' && !keys!.includes('default='))
    return `give a default: event.deep_get(${keys}, default="")`
  return message.includes('KeyError')
    ? 'use event.get(...) instead of event[...], which raises an exception on events without the field'
    : 'compare a field of the event with constants first, or give event.get(...) a default of the type that is used'
}

function constructHint(message: string): string {
  if (message.includes('global')) return 'do not use global: assign a local name'
  if (message.includes('a float without a fraction')) return 'write the number without a fraction: 9 for 9.0'
  if (/ is changed or passed | is bound several times| is no constant/.test(message))
    return 'assign the constant once, at the top level of its file, and change it nowhere'
  return COMPARE_FIRST
}
