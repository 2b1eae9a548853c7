/** Reads the `Detection` of a correlation rule from a valid spec. */
import cron from 'node-cron'
import { nearest } from '../../core/did-you-mean.ts'
import type { ProblemCode } from '../../model/problem-code.ts'
import type {
  Correlation,
  CorrelationStep,
  Criterion,
  SignalField,
  Transition,
} from '../../model/project/correlation-definition.ts'
import type { ProblemList } from '../files/problems.ts'
import type { SourceText } from '../files/source-text.ts'
import { child, toValue } from '../yaml/yaml.ts'
import type { YamlNode } from '../yaml/yaml-tree.ts'
import { readPath } from './key-specifiers.ts'

const MINUTE_MS = 60_000
const DEFAULT_LOOKBACK_MINUTES = 15

export function readCorrelation(source: SourceText, detection: YamlNode, problems: ProblemList): Correlation {
  return new CorrelationReader(source, problems).read(itemsOf(detection)[0]!)
}

class CorrelationReader {
  readonly #source: SourceText
  readonly #problems: ProblemList

  constructor(source: SourceText, problems: ProblemList) {
    this.#source = source
    this.#problems = problems
  }

  read(node: YamlNode): Correlation {
    const sequence = child(node, 'Sequence')
    const steps = this.#steps(itemsOf(sequence ?? child(node, 'Group')))
    const ids = steps.map(({ id }) => id)
    const transitions = itemsOf(child(node, 'Transitions'))
    const ofTransitions = this.#transitionCriterion(transitions)
    const schedule = child(node, 'Schedule')!
    const expression = child(schedule, 'CronExpression')
    return {
      form: sequence ? 'sequence' : 'group',
      steps,
      criteria: sequence ? ofTransitions : this.#groupCriteria(child(node, 'MatchCriteria'), ids),
      transitions: transitions.map((item) => this.#transition(item, ids)),
      minSteps: sequence ? null : numberOf(child(node, 'MinMatchCount')),
      lookbackMs: (numberOf(child(node, 'LookbackWindowMinutes')) ?? DEFAULT_LOOKBACK_MINUTES) * MINUTE_MS,
      schedule: expression
        ? { cron: this.#cron(expression) }
        : { everyMs: numberOf(child(schedule, 'RateMinutes'))! * MINUTE_MS },
    }
  }

  #steps(items: readonly YamlNode[]): CorrelationStep[] {
    const seen = new Set<string>()
    return items.map((item) => {
      const rule = textOf(child(item, 'RuleID'))!
      const id = textOf(child(item, 'ID')) ?? rule
      if (seen.has(id)) this.#error(item, 'duplicate-step', `duplicate step "${id}"`)
      seen.add(id)
      return {
        id,
        rule,
        min: Math.max(1, numberOf(child(item, 'MinMatchCount')) ?? 1),
        max: numberOf(child(item, 'MaxMatchCount')),
        absent: textOf(child(item, 'Absence')) === 'true',
      }
    })
  }

  #transition(item: YamlNode, ids: readonly string[]): Transition {
    const [from, to] = ['From', 'To'].map((end) => this.#step(child(item, end)!, ids))
    const within = numberOf(child(item, 'WithinTimeFrameMinutes'))
    return { from: from!, to: to!, withinMs: within === null ? null : within * MINUTE_MS }
  }

  /** All transitions share one value. */
  #transitionCriterion(transitions: readonly YamlNode[]): Criterion[] {
    const fields = transitions.flatMap((item) => {
      const match = itemsOf(child(item, 'Match'))[0]
      if (!match) return []
      return ['From', 'To'].flatMap((end) => {
        const field = child(match, 'On') ?? child(match, end)
        if (field) return [{ step: textOf(child(item, end))!, field: this.#field(field) }]
        this.#error(match, 'missing-key', 'Match requires On, or both From and To')
        return []
      })
    })
    return fields.length > 0 ? [{ fields }] : []
  }

  #groupCriteria(node: YamlNode | undefined, ids: readonly string[]): Criterion[] {
    if (node?.kind !== 'mapping') return []
    return [...node.entries.values()].map(({ value }) => ({
      fields: itemsOf(value).map((item) => ({
        step: this.#step(child(item, 'GroupID')!, ids),
        field: this.#field(child(item, 'Match')!),
      })),
    }))
  }

  #cron(node: YamlNode): string {
    const expression = textOf(node)!
    if (!cron.validate(expression)) {
      this.#error(node, 'bad-value', `invalid cron expression "${expression}"`, 'for example 0 * * * *')
    }
    return expression
  }

  #step(node: YamlNode, ids: readonly string[]): string {
    const id = textOf(node)!
    if (!ids.includes(id)) {
      const near = nearest(id, ids)
      const hint = near ? `did you mean "${near}"?` : `known: ${ids.join(', ')}`
      this.#error(node, 'unknown-step', `unknown step "${id}"`, hint)
    }
    return id
  }

  #field(node: YamlNode): SignalField {
    const name = textOf(node)!
    const key = readPath(name)
    if (typeof key !== 'string') return { name, key }
    this.#error(node, 'bad-value', key)
    return { name, key: [] }
  }

  #error(node: YamlNode, code: ProblemCode, message: string, hint: string | null = null): void {
    this.#problems.error(this.#source, node.offset, { code, message, hint })
  }
}

function itemsOf(node: YamlNode | undefined): readonly YamlNode[] {
  return node?.kind === 'sequence' ? node.items : []
}

function textOf(node: YamlNode | undefined): string | null {
  return node ? String(toValue(node)) : null
}

function numberOf(node: YamlNode | undefined): number | null {
  return node ? Number(toValue(node)) : null
}
