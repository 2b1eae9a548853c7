/** Reads a YAML file of the project that must be a mapping. */
import type { ProblemList } from '../files/problems.ts'
import { readText, SourceText } from '../files/source-text.ts'
import { parseYaml } from './yaml.ts'
import type { MappingNode } from './yaml-tree.ts'

/** The path of a file, and the name that problems give it. */
export interface FileLocation {
  readonly path: string
  readonly file: string
  /** The file must be in one of these folders, links followed; null: the user named the file itself. */
  readonly folders: readonly string[] | null
}

interface ReadingRules {
  /** The file's lines may hold secrets. */
  readonly secret?: boolean
  /** False: the text is no analysis file, and its problems are not reported. */
  readonly isAnalysisFile?: (text: string) => boolean
}

/** Reads and parses a file. null: the file cannot be used, and its errors are reported. */
export function readMapping(
  location: FileLocation,
  problems: ProblemList,
  rules: ReadingRules = {},
): Mapping | null {
  const source = readSource(location, problems)
  return source && parseMapping(source, problems, rules)
}

interface Mapping {
  readonly source: SourceText
  readonly node: MappingNode
}

export function readSource({ path, file, folders }: FileLocation, problems: ProblemList): SourceText | null {
  const read = readText(path, folders)
  if ('text' in read) return new SourceText(file, read.text)
  problems.file('error', file, { code: read.code, message: `the file ${read.reason}` })
  return null
}

/** Parses a text that is not in its file yet. */
export function parseMapping(
  source: SourceText,
  problems: ProblemList,
  { secret = false, isAnalysisFile = () => true }: ReadingRules = {},
): Mapping | null {
  const { root, warnings, error } = parseYaml(source.text)
  if (isAnalysisFile(source.text)) {
    for (const warning of warnings) problems.warning(source, warning.offset, { ...warning, secret })
    if (error) problems.error(source, error.offset, { ...error, secret })
    if (root && root.kind !== 'mapping' && root.size > 1) {
      problems.error(source, root.offset, {
        code: 'wrong-type',
        message: 'the document must be a mapping',
        secret,
      })
    }
  }
  return root?.kind === 'mapping' ? { source, node: root } : null
}
