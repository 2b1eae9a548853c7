/** Reads the match expressions of a spec. Every error is reported at its source location. */

import { nearest } from '../../core/did-you-mean.ts'
import { CONDITIONS, type OperandForm } from '../../model/project/condition.ts'
import type {
  Combinator,
  Key,
  MatchExpression,
  Operand,
  Quantifier,
  Scalar,
} from '../../model/project/match-expression.ts'
import type { ProblemList } from '../files/problems.ts'
import type { SourceText } from '../files/source-text.ts'
import { child, toJson, toValue } from '../yaml/yaml.ts'
import type { MappingNode, YamlNode } from '../yaml/yaml-tree.ts'
import { type KeyForm, keyFormOf, readKey, readPath } from './key-specifiers.ts'

const COMBINATORS: readonly string[] = ['All', 'Any', 'OnlyOne', 'None'] satisfies Combinator[]
const QUANTIFIERS: readonly string[] = [
  'AnyElement',
  'AllElements',
  'OnlyOneElement',
  'NoElement',
] satisfies Quantifier[]
const CONSTANTS: readonly string[] = ['AlwaysTrue', 'AlwaysFalse']

/** The result of an invalid expression, whose file is not loaded. */
const INVALID: MatchExpression = { kind: 'constant', holds: false }

/** `filter`: an inline filter, for which the grammar is narrower. */
export type Grammar = 'detection' | 'filter'

export class ExpressionReader {
  readonly #source: SourceText
  readonly #problems: ProblemList
  readonly #grammar: Grammar

  constructor(source: SourceText, problems: ProblemList, grammar: Grammar = 'detection') {
    this.#source = source
    this.#problems = problems
    this.#grammar = grammar
  }

  /** All of a list; a single expression may stand without the list. */
  all(node: YamlNode): MatchExpression {
    return node.kind === 'mapping' ? this.#expression(node) : this.#group('All', node)
  }

  #group(of: Combinator, node: YamlNode): MatchExpression {
    if (node.kind !== 'sequence') return this.#report(node, 'expected a list of match expressions')
    const members = node.items.map((item) => this.#expression(item))
    return { kind: 'group', of, members }
  }

  #expression(node: YamlNode): MatchExpression {
    if (node.kind !== 'mapping') return this.#report(node, 'a match expression must be a mapping')
    const combinators = [...node.entries.keys()].filter((key) => COMBINATORS.includes(key))
    if (combinators.length > 0) return this.#combined(node, combinators[0] as Combinator)
    const condition = child(node, 'Condition')
    const name = condition && toValue(condition)
    if (typeof name !== 'string') {
      return this.#report(
        condition ?? node,
        'a match expression requires Condition, or one of All, Any, OnlyOne, None',
      )
    }
    if (CONSTANTS.includes(name)) {
      this.#only(node, ['Condition'])
      return { kind: 'constant', holds: name === 'AlwaysTrue' }
    }
    if (QUANTIFIERS.includes(name)) return this.#elements(node, name as Quantifier)
    return CONDITIONS.has(name) ? this.#compare(node, name) : this.#unknown(condition!, name)
  }

  #combined(node: MappingNode, of: Combinator): MatchExpression {
    this.#only(node, [of])
    if (this.#grammar === 'filter' && of !== 'All' && of !== 'Any') {
      return this.#report(node, `inline filters support All and Any, not ${of}`)
    }
    return this.#group(of, child(node, of)!)
  }

  #elements(node: MappingNode, of: Quantifier): MatchExpression {
    if (this.#grammar === 'filter') return this.#report(node, `inline filters do not support ${of}`)
    const key = this.#key(node, ['Condition', 'Expressions'])
    const expressions = child(node, 'Expressions')
    if (!expressions) return this.#report(node, `${of} requires Expressions`)
    const group = this.#group('All', expressions)
    return key && group.kind === 'group' ? { kind: 'elements', key, of, members: group.members } : INVALID
  }

  #compare(node: MappingNode, condition: string): MatchExpression {
    const { takes } = CONDITIONS.get(condition)!
    const values = child(node, 'Values')
    if (takes === 'value' && values && !keyFormOf(node) && !child(node, 'Enrichment')) {
      return this.#twoKeys(node, values, condition)
    }
    const key = this.#key(node, ['Condition', 'Value', 'Values'])
    const operand = this.#operand(node, condition, takes)
    return key && operand ? { kind: 'compare', key, condition, with: operand } : INVALID
  }

  #twoKeys(node: MappingNode, values: YamlNode, condition: string): MatchExpression {
    this.#only(node, ['Condition', 'Values'])
    if (this.#grammar === 'filter')
      return this.#report(values, 'inline filters do not compare two keys: use Value')
    if (values.kind !== 'sequence' || values.items.length !== 2) {
      return this.#report(values, `${condition} without a key requires exactly two keys in Values`)
    }
    const [left, right] = values.items.map((item) => this.#key(item, []))
    return left && right
      ? { kind: 'compare', key: left, condition, with: { kind: 'key', key: right } }
      : INVALID
  }

  #operand(node: MappingNode, condition: string, takes: OperandForm): Operand | null {
    const value = child(node, 'Value')
    const values = child(node, 'Values')
    if (takes === 'nothing') {
      const stray = values ?? (value && toValue(value) !== true ? value : undefined)
      if (stray) this.#report(stray, `${condition} does not accept a value`)
      return stray ? null : { kind: 'values', values: [] }
    }
    if (value && takes !== 'values') return this.#scalars([value])
    if (values?.kind === 'sequence' && takes !== 'value') return this.#scalars(values.items)
    const wanted = {
      value: 'a Value',
      values: 'a list of Values',
      'value or values': 'a Value or a list of Values',
    }
    this.#report(value ?? values ?? node, `${condition} requires ${wanted[takes]}`)
    return null
  }

  #scalars(nodes: readonly YamlNode[]): Operand | null {
    const wrong = nodes.find((node) => node.kind !== 'scalar')
    if (wrong) this.#report(wrong, 'a value must be text, a number, true or false')
    return wrong ? null : { kind: 'values', values: nodes.map(scalarOf) }
  }

  /** A key specifier or an enrichment; beside it nothing but `others`. null: reported. */
  #key(node: YamlNode, others: readonly string[]): Key | null {
    if (node.kind !== 'mapping') return this.#reportKey(node, 'expected a key: Key, DeepKey or KeyPath')
    const enrichment = child(node, 'Enrichment')
    const form = keyFormOf(node)
    if (enrichment) {
      this.#only(node, ['Enrichment', ...others])
      return this.#enrichment(enrichment)
    }
    if (!form) return this.#reportKey(node, 'this match expression requires a key: Key, DeepKey or KeyPath')
    this.#only(node, [form, ...others])
    return this.#keyOf(form, child(node, form)!)
  }

  #keyOf(form: KeyForm, node: YamlNode): Key | null {
    if (this.#grammar === 'filter' && form !== 'KeyPath') {
      return this.#reportKey(node, `inline filters require KeyPath instead of ${form}`)
    }
    const key = readKey(form, node)
    return typeof key === 'string' ? this.#reportKey(node, key) : key
  }

  /** Enrichment comes with the event: one entry per selector, or a list of them. */
  #enrichment(node: YamlNode): Key | null {
    const [table, selector, path] = ['Table', 'Selector', 'FieldPath'].map((name) => {
      const part = child(node, name)
      return part && toValue(part)
    })
    if (typeof table !== 'string' || typeof selector !== 'string' || typeof path !== 'string') {
      return this.#reportKey(node, 'Enrichment requires Table, Selector and FieldPath')
    }
    if (node.kind === 'mapping') this.#only(node, ['Table', 'Selector', 'FieldPath'])
    const field = readPath(path)
    if (typeof field === 'string') return this.#reportKey(child(node, 'FieldPath')!, field)
    return ['p_enrichment', table, selector, null, ...field]
  }

  /** Reads a key without a condition, as in `GroupBy` and `KeyValue`. */
  key(node: YamlNode): Key | null {
    return this.#key(node, [])
  }

  #only(node: MappingNode, known: readonly string[]): void {
    for (const { key, keyOffset } of node.entries.values()) {
      if (known.includes(key)) continue
      const near = nearest(key, known)
      this.#problems.error(this.#source, keyOffset, {
        code: 'unknown-key',
        message: `unknown key "${key}" in this match expression`,
        hint: near ? `did you mean "${near}"?` : `known: ${known.join(', ')}`,
      })
    }
  }

  #unknown(node: YamlNode, name: string): MatchExpression {
    const near = nearest(name, [...CONDITIONS.keys(), ...QUANTIFIERS, ...CONSTANTS])
    return this.#report(node, `unknown condition "${name}"`, near ? `did you mean "${near}"?` : null)
  }

  #report(node: YamlNode, message: string, hint: string | null = null): MatchExpression {
    this.#problems.error(this.#source, node.offset, { code: 'match-expression', message, hint })
    return INVALID
  }

  #reportKey(node: YamlNode, message: string): null {
    this.#report(node, message)
    return null
  }
}

function scalarOf(node: YamlNode): Scalar {
  const value = toValue(node) as string | number | boolean | null
  const isLarge = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
  return isLarge && /^-?\d+$/.test(toJson(node)) ? BigInt(toJson(node)) : value
}
