/** Checks a store for `signalbox store check`. It writes nothing. */
import { UserError } from '../errors.ts'
import { checkFile } from './sqlite/check-file.ts'
import { openStoreFile } from './store-file.ts'
import { STORE_FORMS } from './store-forms.ts'
import type { StoreReport } from './store-report.ts'

interface CheckOptions {
  readonly projectRoot: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly now: number
}

export async function checkStore(url: string, options: CheckOptions): Promise<StoreReport> {
  if (url.startsWith('sqlite:')) {
    const file = openStoreFile(url.slice('sqlite:'.length), { ...options, readOnly: true })
    try {
      return checkFile(file, options.now)
    } finally {
      file.close()
    }
  }
  if (!/^postgres(ql)?:/.test(url))
    throw new UserError('this is no store that can be checked', {
      code: 'invalid-store-url',
      hint: STORE_FORMS,
    })
  const { readStoreUrl } = await import('./postgres/store-url.ts')
  const { openMaintenance } = await import('./postgres/upkeep/maintenance.ts')
  const { checkSchema } = await import('./postgres/upkeep/check-schema.ts')
  const database = openMaintenance(readStoreUrl(url, options.environment, options.projectRoot), {
    readOnly: true,
  })
  try {
    return await checkSchema(database)
  } finally {
    await database.close()
  }
}
