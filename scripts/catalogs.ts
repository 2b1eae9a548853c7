// Writes the catalogs of the adapter folders from the files in them. Run it after an adapter was added or removed.
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const src = join(import.meta.dirname, '..', 'src')

function writeCatalog(folder: string, constant: string, what: string, contract: string, type: string): void {
  const names = readdirSync(join(src, folder))
    .flatMap((file) => /^([a-z][\w-]*)\.ts$/.exec(file)?.[1] ?? [])
    .sort()
  const lines = names.map((name) => `  ${name}: async () => (await import('./${name}.ts')).default,`)
  const text = `/** The ${what} there are, each loaded when it is used for the first time. \`npm run catalogs\` writes this file. */
import type { Catalog } from '../core/catalog.ts'
import type { ${type} } from './${contract}.ts'

export const ${constant}: Catalog<${type}> = {
${lines.join('\n')}
}
`
  writeFileSync(join(src, folder, '_catalog.ts'), text)
}

writeCatalog('destinations', 'DESTINATION_TYPES', 'types of destination', '_destination', 'DestinationType')
writeCatalog('sources', 'SOURCE_TYPES', 'types of source', '_source', 'SourceType')
