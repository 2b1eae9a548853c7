/** Lists the files that the arguments of a replay name. The files of one argument follow each other in the order of their names. */
import { readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { compareText } from '../core/compare-text.ts'
import { isError, messageOf, UserError } from '../errors.ts'
import type { SourceSpec } from '../sources/_source.ts'
import { parseSourceSpec } from '../sources/_source-spec.ts'

/** What the events of an argument have in common. */
export interface StreamOptions extends Pick<SourceSpec, 'kind' | 'type' | 'unwrap' | 'timeField'> {
  readonly name: string
}

/** The events of one argument, in the order in which they are read. */
export interface InputStream {
  readonly options: StreamOptions
  readonly files: readonly InputFile[]
}

export interface InputFile {
  readonly path: string
  readonly bytes: number
  /** The time of its last change, epoch ms: events without any time count then. */
  readonly changedAt: number
}

const EVENT_FILES = /\.(?:json|ndjson|jsonl|log|gz|sbarchive)$/i

/**
 * @param texts paths of files and folders, or `file:` specs with options.
 * @param defaults what holds for arguments without options.
 */
export function listInputs(
  texts: readonly string[],
  defaults: Pick<StreamOptions, 'type' | 'unwrap' | 'timeField'>,
): InputStream[] {
  return texts.map((text) => {
    const spec = text.startsWith('file:') ? parseSourceSpec(text) : null
    if (spec === null && /^[a-z][a-z0-9+.-]+:/.test(text) && !isThere(text)) throw unsupported(text)
    const path = resolve(spec?.target ?? text)
    const files = filesAt(path)
    if (files.length === 0)
      throw new UserError(`${text} contains no file of events`, {
        code: 'unreadable-source',
        hint: 'name files, or a folder with files that end in .ndjson, .jsonl, .json, .log, .gz or .sbarchive',
      })
    const { kind = 'log', type = null, unwrap = null, timeField = null } = spec ?? {}
    const options = {
      name: spec?.name ?? text,
      kind,
      type: type ?? defaults.type,
      unwrap: unwrap ?? defaults.unwrap,
      timeField: timeField ?? defaults.timeField,
    }
    return { options, files }
  })
}

function filesAt(path: string): InputFile[] {
  try {
    if (!statSync(path).isDirectory()) return [fileAt(path)]
    const names = readdirSync(path, { recursive: true, encoding: 'utf8' })
    return names
      .filter((name) => EVENT_FILES.test(name))
      .sort(compareText)
      .map((name) => fileAt(join(path, name)))
      .filter(({ bytes }) => bytes > 0)
  } catch (cause) {
    if (isError(cause, 'user')) throw cause
    throw new UserError(`cannot read ${path}: ${messageOf(cause)}`, {
      code: 'unreadable-source',
      hint: 'check the path and its permissions',
      cause,
    })
  }
}

function fileAt(path: string): InputFile {
  const { size, mtimeMs } = statSync(path)
  return { path, bytes: size, changedAt: Math.floor(mtimeMs) }
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

function unsupported(text: string): UserError {
  return new UserError(`cannot replay "${text}"`, {
    code: 'invalid-source',
    hint: 'name files and folders, or file:PATH with options, for example file:trail.ndjson?logType=AWS.CloudTrail',
  })
}
