/** Reads one analysis file: text -> tree -> value checked against the schema of its type. */

import { nearest } from '../../core/did-you-mean.ts'
import type { DetectionType, SourceLocation, TestCase } from '../../model/project/detection.ts'
import { projectPath } from '../files/discover.ts'
import type { ParseCache, ParseResult } from '../files/parse-cache.ts'
import { ProblemList } from '../files/problems.ts'
import { readText, SourceText } from '../files/source-text.ts'
import { ANALYSIS_TYPES, analysisTypeOf } from '../schemas/analysis-types.ts'
import { parseMapping, readSource } from '../yaml/mapping.ts'
import { checkSchema, type Schema } from '../yaml/schema-check.ts'
import { child, parseYaml, toRecord, toValue } from '../yaml/yaml.ts'
import type { MappingNode, YamlNode } from '../yaml/yaml-tree.ts'
import { InvalidTests, testCases } from './test-cases.ts'

/** The parsed content of one spec. */
export interface ReadSpec {
  readonly type: string
  readonly id: string
  readonly idOffset: number
  readonly location: SourceLocation
  /** Every key. The entries of test cases are empty, because a JavaScript value would change their numbers. */
  readonly value: Readonly<Record<string, unknown>>
  /** [] for a spec with errors, and for content other than detections. */
  readonly tests: readonly TestCase[]
}

export interface Spec extends ReadSpec {
  /** Absolute path. */
  readonly path: string
  readonly source: SourceText
  /** The tree, for source locations. It is parsed when it is read for the first time. */
  readonly node: MappingNode
}

/** The value of a key of the spec; undefined where it is absent. */
export function nodeOf(spec: Spec, key: string): YamlNode | undefined {
  return Object.hasOwn(spec.value, key) ? child(spec.node, key) : undefined
}

const DETECTION_TYPES: readonly string[] = ['rule', 'scheduled_rule', 'policy', 'correlation_rule']

export function isDetectionType(type: string): type is DetectionType {
  return DETECTION_TYPES.includes(type)
}

/** False for other YAML of a repository, such as workflows, charts and fixtures. */
function mentionsAnalysisType(text: string): boolean {
  return /Analysis_?Typ/i.test(text)
}

interface ReadingContext {
  readonly parseCache: ParseCache<ReadSpec>
  /** Unknown keys of a detection are warnings. */
  readonly ignoreExtraKeys: boolean
  /** A spec must be in one of these folders, links followed. */
  readonly folders: readonly string[]
  /** Called when an unchanged file has another text than the cached one. null: every file is read. */
  readonly onStale: (() => void) | null
}

/** Reads a spec whose type and id are known. Its file may still have errors: see `problems`. */
export function readSpec(
  path: string,
  root: string,
  context: ReadingContext,
  problems: ProblemList,
): Spec | null {
  const file = projectPath(root, path)
  const read = readUnchanged(path, file, context) ?? readParsed(path, file, context, problems)
  if (!read) return null
  const { source, result } = read
  problems.add(result.problems)
  if (!result.spec) return null
  let node: MappingNode | undefined
  return {
    ...result.spec,
    path,
    source,
    get node() {
      node ??= parseYaml(source.text).root as MappingNode
      return node
    },
  }
}

interface Read {
  readonly source: SourceText
  readonly result: ParseResult<ReadSpec>
}

/** Returns the cached result without reading the file; null: it must be read. */
function readUnchanged(
  path: string,
  file: string,
  { parseCache, folders, onStale }: ReadingContext,
): Read | null {
  const stamp = onStale && parseCache.stampOf(path)
  const known = stamp && parseCache.ofUnchanged(file, stamp)
  if (!known) return null
  const source = new SourceText(file, () => {
    const read = readText(path, folders)
    const text = 'text' in read ? read.text : ''
    if (!known.isFrom(text)) onStale()
    return text
  })
  return { source, result: known.result }
}

function readParsed(
  path: string,
  file: string,
  { parseCache, ignoreExtraKeys, folders, onStale }: ReadingContext,
  problems: ProblemList,
): Read | null {
  const stamp = onStale && parseCache.stampOf(path)
  const source = readSource({ path, file, folders }, problems)
  if (!source) return null
  const result = parseCache.of(file, source.text, () => {
    const found = new ProblemList()
    return { spec: specOf(source, ignoreExtraKeys, found), problems: found.sorted() }
  })
  if (stamp) parseCache.record(file, source.text, stamp)
  return { source, result }
}

function specOf(source: SourceText, ignoreExtraKeys: boolean, problems: ProblemList): ReadSpec | null {
  const mapping = parseMapping(source, problems, { isAnalysisFile: mentionsAnalysisType })
  if (!mapping) return null
  const { node } = mapping
  const typeNode = child(node, 'AnalysisType')
  if (!typeNode) {
    reportMissingType(source, node, problems)
    return null
  }
  const type = toValue(typeNode)
  if (typeof type !== 'string') {
    problems.error(source, typeNode.offset, { code: 'wrong-type', message: 'AnalysisType must be text' })
    return null
  }
  const value = specValue(node)
  const known = analysisTypeOf(type, value)
  if (!known) {
    reportUnknownType(source, typeNode, type, problems)
    return null
  }
  const checked = ignoreExtraKeys && isDetectionType(type) ? knownKeys(known.schema, value) : value
  for (const key of Object.keys(value).filter((name) => !Object.hasOwn(checked, name))) {
    const message = `unknown key "${key}": ignored`
    problems.warning(source, node.entries.get(key)!.keyOffset, { code: 'unknown-key', message })
  }
  const invalidTests = new InvalidTests()
  checkSchema(known.schema, { source, node, value: checked }, problems, invalidTests.policy)
  const id = value[known.idKey]
  if (typeof id !== 'string') return null
  const idOffset = child(node, known.idKey)!.offset
  const tests =
    isDetectionType(type) && !problems.hasError(source.file)
      ? testCases({ source, node, invalidTests }, type, problems)
      : []
  const location = source.locationAt(node.offset)
  return { type, id, idOffset, location, value, tests }
}

function knownKeys(
  schema: Schema,
  value: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const known = schema.properties as object
  return Object.fromEntries(Object.entries(value).filter(([key]) => Object.hasOwn(known, key)))
}

const ENTRY_KEYS = new Set(['Log', 'Resource'])

function specValue(node: MappingNode): Record<string, unknown> {
  return toRecord(node, (key, value) => {
    if (key !== 'Tests' || value.kind !== 'sequence') return undefined
    return value.items.map((test) =>
      test.kind === 'mapping'
        ? toRecord(test, (name) => (ENTRY_KEYS.has(name) ? {} : undefined))
        : toValue(test),
    )
  })
}

/** Reports a missing `AnalysisType`, unless nothing in the file suggests a spec. */
function reportMissingType(source: SourceText, node: MappingNode, problems: ProblemList): void {
  const keys = [...node.entries.values()]
  const misspelt = keys.find(({ key }) => nearest(key, ['AnalysisType']))
  const idKeys = new Set(Object.values(ANALYSIS_TYPES).map((type) => type.idKey))
  const typicalKey = misspelt ?? keys.find(({ key }) => idKeys.has(key))
  if (!typicalKey) return
  problems.error(source, typicalKey.keyOffset, {
    code: 'missing-analysis-type',
    message: 'AnalysisType is missing: the file is not loaded',
    hint: misspelt
      ? `did you mean "AnalysisType" for "${misspelt.key}"?`
      : 'add AnalysisType: rule (or its type)',
  })
}

function reportUnknownType(source: SourceText, node: YamlNode, type: string, problems: ProblemList): void {
  const near = nearest(type, Object.keys(ANALYSIS_TYPES))
  problems.error(source, node.offset, {
    code: 'unknown-analysis-type',
    message: `unknown AnalysisType "${type}": the file is not loaded`,
    hint: near ? `did you mean "${near}"?` : `known: ${Object.keys(ANALYSIS_TYPES).join(', ')}`,
  })
}
