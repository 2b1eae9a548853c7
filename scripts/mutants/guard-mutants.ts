// Faults that guards and their index could have: each is a text of a source file and what takes its place.

export interface Mutant {
  readonly fault: string
  readonly file: string
  /** It occurs once in the file. */
  readonly from: string
  readonly to: string
}

const WORKER = 'src/engine/worker'
const SYNTAX = 'src/engine/python/signalbox_syntax'

export const GUARD_MUTANTS: readonly Mutant[] = [
  {
    fault: 'keys are found in their exact spelling only',
    file: `${WORKER}/guard/guard-lookup.ts`,
    from: '  return own === undefined ? ABSENT : read(object, own)',
    to: '  return own !== key ? ABSENT : read(object, own)',
  },
  {
    fault: 'keys below the first level are found in their exact spelling only',
    file: `${WORKER}/guard/guard-methods.ts`,
    from: '    value = lookUp(value, key)\n    if (value === ABSENT || value === null) return otherwise',
    to: '    value = value === receiver.record ? lookUp(value, key) : (value[key as string] ?? null)\n    if (value === ABSENT || value === null) return otherwise',
  },
  {
    fault: 'null counts as absent in the index',
    file: `${WORKER}/event-index/index-condition.ts`,
    from: 'return value === null && path.nullIsAbsent ? ABSENT : value',
    to: 'return value === null ? ABSENT : value',
  },
  {
    fault: 'null counts as absent in a guard',
    file: `${WORKER}/guard/compile-event-reads.ts`,
    from: 'return found === ABSENT ? (fallback ?? null) : found',
    to: 'return found === ABSENT || found === null ? (fallback ?? null) : found',
  },
  {
    fault: 'a value that is returned as it is leaves no condition',
    file: `${WORKER}/event-index/derive-index-conditions.ts`,
    from: 'const result = recorder.valueOf(callFunction(matcher, [run.argument], run, null))',
    to: 'const returned = callFunction(matcher, [run.argument], run, null)\n    const result = returned instanceof FieldValue ? returned.fallback : returned',
  },
  {
    fault: 'a condition on a text does not hold for what is no text',
    file: `${WORKER}/event-index/index-condition.ts`,
    from: "if (typeof value !== 'string' || (letterCase !== null && !isAscii(value))) return true",
    to: "if (typeof value !== 'string') return false",
  },
  {
    fault: 'the tables of the index select no detection for what is no text',
    file: `${WORKER}/event-index/field-tables.ts`,
    from: "if (typeof value !== 'string' || (letterCase !== null && !isAscii(value))) report(table.all)",
    to: "if (typeof value !== 'string') continue",
  },
  {
    fault: 'a path that crosses lists is looked up in objects only',
    file: `${WORKER}/event-index/derive-index-conditions.ts`,
    from: 'keys: names.slice(0, 1), isExact: true',
    to: 'keys: names, isExact: true',
  },
  {
    fault: 'an exception that a handler catches leaves no condition',
    file: `${WORKER}/event-index/derive-index-conditions.ts`,
    from: '  const value = recorder.valueOf(receiver)\n  return callMethod(',
    to: '  const value = receiver instanceof FieldValue && receiver.fallback === null ? null : recorder.valueOf(receiver)\n  return callMethod(',
  },
  {
    fault: 'a method that may raise on the value of a field leaves no condition',
    file: `${WORKER}/event-index/derive-index-conditions.ts`,
    from: '  const value = recorder.valueOf(receiver)\n  return callMethod(',
    to: "  const value = receiver instanceof FieldValue && typeof receiver.fallback === 'string' ? receiver.fallback : recorder.valueOf(receiver)\n  return callMethod(",
  },
  {
    fault: 'a list in a set raises nothing in the index',
    file: `${WORKER}/event-index/derive-index-conditions.ts`,
    from: "recorder.add(left, 'equal', values, !itemsOf(right))",
    to: "recorder.add(left, 'equal', values, false)",
  },
  {
    fault: 'a list in a set raises nothing in a guard',
    file: `${WORKER}/guard/guard-values.ts`,
    from: 'if (isUnhashable(value)) throw TYPE_ERROR',
    to: 'if (isUnhashable(value)) return value',
  },
  {
    fault: 'text that is not ASCII is treated as JavaScript does',
    file: `${WORKER}/guard/guard-values.ts`,
    from: '  if (!isAscii(text)) throw NOT_ASCII\n  return text',
    to: '  return text',
  },
  {
    fault: 'a number with a fraction of zero is an integer',
    file: `${WORKER}/guard/guard-run.ts`,
    from: 'this.#hasPlainNumbers ??= !PERHAPS_INEXACT.test(this.#raw)',
    to: 'this.#hasPlainNumbers ??= this.#raw !== undefined || !PERHAPS_INEXACT.test(this.#raw)',
  },
  {
    fault: 'an operand of which nothing is known is passed over',
    file: `${WORKER}/guard/compile-guard-parts.ts`,
    from: '      const value = operand(frame)\n      if (isTruthy(value) === ends) return value',
    to: '      let value: unknown = !ends\n      try {\n        value = operand(frame)\n      } catch {}\n      if (isTruthy(value) === ends) return value',
  },
  {
    fault: 'whatever is falsy counts as silent',
    file: `${WORKER}/guard/create-guard.ts`,
    from: "      try {\n        return returned(record, raw) === program.silent ? 'silent' : 'unknown'",
    to: "      try {\n        return Boolean(returned(record, raw)) === program.silent ? 'silent' : 'unknown'",
  },
  {
    fault: 'texts that are made of a field are kept for other events',
    file: `${WORKER}/guard/create-guard.ts`,
    from: 'return operands[0] === slot',
    to: 'return operands[0] !== null',
  },
  {
    fault: 'a handler catches every exception',
    file: `${WORKER}/guard/compile-guard-statements.ts`,
    from: '(types(frame) as TupleValue).items.includes(error.type)',
    to: '(types(frame) as TupleValue) !== null',
  },
  {
    fault: 'the end of a pattern is the end of the text alone',
    file: `${WORKER}/guard/python-pattern.ts`,
    from: "'(?=\\\\n?$)'",
    to: "'$'",
  },
  {
    fault: 'a set has the order of its text',
    file: `${WORKER}/guard/guard-operations.ts`,
    from: 'if (isOrdered && value.elements.size > 1) throw',
    to: 'if (isOrdered && value.elements.size > 1_000) throw',
  },
  {
    fault: 'what a generator over a set changes is seen in any order',
    file: `${WORKER}/guard/guard-run.ts`,
    from: 'if (this.isUnordered) throw UNORDERED',
    to: 'if (this.isUnordered && this.depth < 0) throw UNORDERED',
  },
  {
    fault: 'a path of a data model is found in any spelling',
    file: `${WORKER}/guard/compile-event-reads.ts`,
    from: '        value = lookUpExactly(value, key)\n        if (value === ABSENT) return fallback',
    to: '        const own = Object.keys(value).find((name) => name.toLowerCase() === String(key).toLowerCase())\n        if (own === undefined) return fallback\n        value = value[own]',
  },
  {
    fault: 'a field is unified by the model of another log type',
    file: `${WORKER}/guard/compile-guard.ts`,
    from: 'this.#program.logType !== null && own !== this.#program.logType',
    to: 'this.#program.logType === undefined && own !== this.#program.logType',
  },
  {
    fault: 'a method of a data model sees the event with all its methods',
    file: `${WORKER}/guard/compile-event-reads.ts`,
    from: 'viewOf(callFunction(compiled, [record], frame.run, null))',
    to: 'viewOf(callFunction(compiled, [new EventValue(record)], frame.run, null))',
  },
  {
    fault: 'what stands in the way of a path counts as absent',
    file: `${WORKER}/event-index/index-condition.ts`,
    from: 'return path.raisesOnTheWay ? WRONG_WAY : ABSENT',
    to: 'return ABSENT',
  },
  {
    fault: 'the tree of the index selects nothing where something stands in the way of a path',
    file: `${WORKER}/event-index/index-node.ts`,
    from: 'else if (this.#raising) report(this.#raising)',
    to: '',
  },
  {
    fault: 'objects with the same keys in another order find the same key in other letters',
    file: `${WORKER}/guard/object-shape.ts`,
    from: 'if (left[at] !== right[at]) return false',
    to: 'if (!right.includes(left[at]!)) return false',
  },
  {
    fault: 'a comparison is narrowed although a list in its field raises',
    file: `${WORKER}/event-index/narrow-conditions.ts`,
    from: ' && !raisesOnContainers',
    to: '',
  },
  {
    fault: 'the log type is absent to what unifies it or walks to it',
    file: `${WORKER}/event-index/field-recorder.ts`,
    from: 'if (!(value instanceof FieldValue)) throw',
    to: 'if (value === undefined) throw',
  },
  {
    fault: 'what is put into a dict leaves no condition',
    file: `${WORKER}/guard/compile-guard-statements.ts`,
    from: "['slots', 'item'].includes(",
    to: "['slots'].includes(",
  },
  {
    fault: 'the log type is assumed in every spelling of its name',
    file: `${WORKER}/event-index/field-recorder.ts`,
    from: "path.keys[0] === 'p_log_type'",
    to: "name === 'p_log_type'",
  },
  {
    fault: 'the conditions for one log type are kept for all',
    file: `${WORKER}/event-index/guard-summary.ts`,
    from: 'return program.logType === null && recorder.readsLogType ? null : conditions',
    to: 'return conditions',
  },
  {
    fault: 'a text that occurs within a longer one is not found',
    file: `${WORKER}/event-index/substring-automaton.ts`,
    from: 'end !== 0; end = this.#shorter[end]!',
    to: 'end !== 0; end = 0',
  },
  {
    fault: 'an expression that is negated has conditions',
    file: `${WORKER}/event-index/expression-conditions.ts`,
    from: "if (negated || operator === 'null'",
    to: "if (operator === 'null'",
  },
  {
    fault: 'a guard that follows a changed helper holds',
    file: `${WORKER}/guard/detection-guards.ts`,
    from: 'const changed = program.followed.find((path) => changes.has(path))',
    to: 'const changed = program.followed.find((path) => changes.has(path) && path === null)',
  },
  {
    fault: 'a constant that is appended to keeps its value',
    file: `${SYNTAX}/guard_uses.py`,
    from: 'method in _READING_METHODS):\n                return False',
    to: 'method in (*_READING_METHODS, "append")):\n                return False',
  },
  {
    fault: 'a part of a constant that a copy gives out is not followed',
    file: `${SYNTAX}/guard_uses.py`,
    from: 'if not names.has_parts or reader not in _PASSING_READERS:',
    to: 'if True:',
  },
  {
    fault: 'a global keeps its value between two events',
    file: `${SYNTAX}/guard_globals.py`,
    from: '    walk.block(rule.body, False)',
    to: '    walk.block(rule.body, True)',
  },
  {
    fault: 'a name that a body rebinds has its first value',
    file: `${SYNTAX}/guard_names.py`,
    from: '        if len(bound) > 1:\n            raise NotSupported(f"{name} is bound several times")',
    to: '        if len(bound) > 3:\n            raise NotSupported(f"{name} is bound several times")',
  },
  {
    fault: 'modules are safe under any name but their own',
    file: `${SYNTAX}/guard_names.py`,
    from: '_OTHER_ATTRIBUTES = {"modules", "mock",',
    to: '_OTHER_ATTRIBUTES = {',
  },
]
