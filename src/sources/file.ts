/** The source of a file that is read once to its end, or followed while it grows. */
import { resolve } from 'node:path'
import { UserError } from '../errors.ts'
import type { Source, SourceContext, SourceSpec, SourceType } from './_source.ts'
import { refuseUnknownOptions } from './_source-spec.ts'
import { openIfThere } from './stream/open-file.ts'
import { isPipe, openPipe } from './stream/pipe.ts'
import { readStream } from './stream/stream.ts'
import { createGlobFollower } from './tail/follow-glob.ts'
import { filesOf, patternOf } from './tail/glob-files.ts'
import { createFollower, type FollowOptions } from './tail/tail.ts'
import { readWholeFile } from './tail/whole-file.ts'
import { readWholeFiles } from './tail/whole-files.ts'

export default {
  scheme: 'file',
  summary:
    'a file, or files by a pattern, of JSON lines, lists or containers, also .gz; ?follow=true tails them',
  open(spec) {
    refuseUnknownOptions(spec, ['follow', 'quietSeconds', 'olddir'])
    if (spec.target === '')
      throw new UserError('file: requires a path', { code: 'invalid-source', hint: 'use file:PATH' })
    const path = resolve(spec.target)
    if (!follows(spec)) {
      refuseWithoutFollow(spec)
      return { ends: true, resumes: true, run: (context) => readOnce(path, spec, context) }
    }
    if (path.endsWith('.gz')) {
      throw new UserError(`${spec.name}: cannot follow a compressed file`, {
        code: 'invalid-source-option',
        hint: 'remove follow',
      })
    }
    return { ends: false, resumes: true, run: follow(path, spec) }
  },
} satisfies SourceType

function follows(spec: SourceSpec): boolean {
  const value = spec.options.follow ?? 'false'
  if (value === 'true' || value === 'false') return value === 'true'
  throw new UserError(`${spec.name}: invalid follow "${value}"`, {
    code: 'invalid-source-option',
    hint: 'use true or false',
  })
}

function follow(path: string, spec: SourceSpec): Source['run'] {
  const options = followOptions(spec)
  const run = createFollower(path, spec, options)
  let runAll: Source['run'] | null = null
  return async (context) => {
    const pattern = runAll === null ? await patternOf(path) : null
    if (pattern !== null) runAll = createGlobFollower(pattern, spec, options)
    if (runAll !== null) return runAll(context)
    if (!(await isPipe(path))) return run(context)
    throw new UserError(`cannot follow ${path}: it is a pipe`, {
      code: 'invalid-source-option',
      hint: 'remove follow; a pipe is read until its last writer closes it',
    })
  }
}

const DEFAULT_QUIET_SECONDS = 10
const MAX_QUIET_SECONDS = 3600

function followOptions({ name, options }: SourceSpec): FollowOptions {
  const seconds = Number(options.quietSeconds ?? DEFAULT_QUIET_SECONDS)
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > MAX_QUIET_SECONDS) {
    throw new UserError(`${name}: invalid quietSeconds "${options.quietSeconds}"`, {
      code: 'invalid-source-option',
      hint: `use a whole number from 1 to ${MAX_QUIET_SECONDS}`,
    })
  }
  return { quietMs: seconds * 1000, olddir: options.olddir ?? null }
}

function refuseWithoutFollow({ name, options }: SourceSpec): void {
  for (const key of ['quietSeconds', 'olddir']) {
    if (key in options) {
      throw new UserError(`${name}: ${key} requires follow=true`, { code: 'invalid-source-option' })
    }
  }
}

/** The positions of all files are in each commit. */
const MAX_FILES = 1_000

function assertCount(path: string, count: number): void {
  if (count > 0 && count <= MAX_FILES) return
  const message =
    count === 0 ? `no file matches ${path}` : `${count} files match ${path}, more than ${MAX_FILES}`
  throw new UserError(message, {
    code: 'unreadable-source',
    hint:
      count === 0
        ? 'check the pattern, or use ?follow=true to wait for files'
        : 'use several patterns that match fewer files',
  })
}

async function readOnce(path: string, spec: SourceSpec, context: SourceContext): Promise<void> {
  const pattern = await patternOf(path)
  if (pattern !== null) {
    const paths = await filesOf(pattern)
    assertCount(path, paths.length)
    await context.commitCursor(null)
    return readWholeFiles(pattern, paths, spec, context)
  }
  if (await isPipe(path)) return readStream(path, () => openPipe(path), spec, context)
  const file = await openIfThere(path)
  if (file === null) {
    throw new UserError(`${path} does not exist`, {
      code: 'unreadable-source',
      hint: 'check the path, or use ?follow=true to wait for the file',
    })
  }
  try {
    await context.commitCursor(null)
    await readWholeFile(file, spec, context)
  } finally {
    await file.close()
  }
}
