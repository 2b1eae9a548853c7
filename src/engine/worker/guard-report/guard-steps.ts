/** WORKER THREAD. Selects from the evaluations of a guard those that explain its result: tests, results of functions, and fields. */
import type { GuardExplanation, GuardStep } from '../../../model/events/guard-report.ts'
import type { GuardProgram, ProgramNode } from '../guard/guard-program.ts'
import { DictValue, EventValue, isRawObject } from '../guard/guard-values.ts'
import type { GuardLocations } from './guard-locations.ts'
import { pythonText } from './python-text.ts'
import type { Evaluation } from './recording-compiler.ts'

const MAX_STEPS = 50
const MAX_LOOKUPS = 50

/** The nodes whose values decide which way a function takes, or what it returns. */
function decidingNodes(program: GuardProgram): ReadonlySet<number> {
  return new Set(program.nodes.flatMap(operandsThatDecide))
}

function operandsThatDecide([operation, ...operands]: ProgramNode): number[] {
  switch (operation) {
    case 'when':
    case 'return':
    case 'if':
      return [operands[0] as number]
    case 'and':
    case 'or':
    case 'not':
      return operands as number[]
  }
  return []
}

/** Their parts say more than they do. */
const COMPOSITE = new Set(['and', 'or', 'not', 'if'])
/** What is evaluated for each element says too much. */
const OF_ELEMENTS = new Set(['builtin', 'list', 'set', 'dict_of', 'loop'])

export function stepsOf(
  evaluations: readonly Evaluation[],
  program: GuardProgram,
  locations: GuardLocations,
): GuardStep[] {
  const deciding = decidingNodes(program)
  const steps: GuardStep[] = []
  const visit = ({ node, depth, parts, value }: Evaluation): void => {
    const operation = program.nodes[node]![0]
    const part = deciding.has(node) && !COMPOSITE.has(operation) ? locations.of(node) : null
    if (part && value !== undefined && steps.length < MAX_STEPS)
      steps.push({ ...part, depth: depth - 1, value: pythonText(value) })
    if (!OF_ELEMENTS.has(operation)) parts.forEach(visit)
  }
  evaluations.forEach(visit)
  return steps
}

const LOOKUPS = new Set(['deep_get', 'deep_walk', 'udm_path', 'udm_method', 'udm_name', 'index'])

/** The fields of the event that were looked up, each text once. */
export function lookupsOf(
  evaluations: readonly Evaluation[],
  program: GuardProgram,
  locations: GuardLocations,
): GuardExplanation['lookups'] {
  const found = new Map<string, string>()
  const visit = ({ node, parts, value }: Evaluation): void => {
    const [operation, name] = program.nodes[node]!
    parts.forEach(visit)
    const isGet = operation === 'method' && (name === 'get' || name === 'get_default')
    if (value === undefined || !(isGet || LOOKUPS.has(operation))) return
    const isOfEvent = isOfTheEvent(parts[0]?.value)
    const text = isOfEvent ? locations.of(node)?.text : undefined
    if (text !== undefined && !found.has(text) && found.size < MAX_LOOKUPS) found.set(text, pythonText(value))
  }
  evaluations.forEach(visit)
  return [...found].map(([text, value]) => ({ text, value }))
}

/** The resource of a policy is a plain dict. */
function isOfTheEvent(receiver: unknown): boolean {
  return receiver instanceof EventValue || receiver instanceof DictValue || isRawObject(receiver)
}
