/** Copies a SQLite store to PostgreSQL. The client library is loaded only here and by the store itself. */
import { UserError } from '../errors.ts'
import type { CopyResult } from './postgres/upkeep/copy-store.ts'
import { openStoreFile } from './store-file.ts'

export type { CopyResult }

export interface CopyStoreOptions {
  /** `sqlite:PATH`. */
  readonly from: string
  /** `postgres://…`. */
  readonly to: string
  readonly projectRoot: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Counts and checks, and writes nothing. */
  readonly isDryRun: boolean
  /** It is called for each table when it is copied, and now and then while it is. */
  readonly onProgress: (progress: {
    readonly table: string
    readonly rows: number
    readonly of: number
  }) => void
  readonly onPasswordInUrl: () => void
}

const DIRECTION =
  'use: signalbox store copy sqlite:PATH postgres://USER@HOST/DATABASE; the other direction does not exist'

export async function copyStore(options: CopyStoreOptions): Promise<CopyResult> {
  const { from, to, projectRoot, environment, isDryRun } = options
  if (!from.startsWith('sqlite:')) throw wrongStore('from', 'sqlite:')
  if (!/^postgres(ql)?:/.test(to)) throw wrongStore('to', 'postgres:')
  const { readStoreUrl } = await import('./postgres/store-url.ts')
  const settings = readStoreUrl(to, environment, projectRoot)
  if (settings.hasPasswordInUrl) options.onPasswordInUrl()
  const { copyToPostgres } = await import('./postgres/upkeep/copy-store.ts')
  const source = openStoreFile(from.slice('sqlite:'.length), {
    projectRoot,
    create: false,
    readOnly: isDryRun,
  })
  try {
    return await copyToPostgres(source, settings, options)
  } finally {
    source.close()
  }
}

/** The message does not contain the URL, which can contain a password. */
function wrongStore(end: 'from' | 'to', scheme: string): UserError {
  return new UserError(`the store to copy ${end} is no ${scheme} store`, {
    code: 'invalid-store-url',
    hint: DIRECTION,
  })
}
