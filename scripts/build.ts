// Compiles src to dist with plain tsc, copies what tsc does not (Python, SQL and the files of pages), and writes the program's version and the JSON Schemas.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { BUILT_VERSION_FILE, versionOfSources } from '../src/program-version.ts'
import { projectSchemas, schemaText } from '../src/workspace/schemas.ts'

const root = join(import.meta.dirname, '..')
const assets = new Set(['.py', '.sql', '.html', '.css', '.js', '.json'])

rmSync(join(root, 'dist'), { recursive: true, force: true })
execFileSync('tsc', ['-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' })
cpSync(join(root, 'src'), join(root, 'dist'), {
  recursive: true,
  filter: (path) => extname(path) === '' || assets.has(extname(path)),
})
writeFileSync(join(root, 'dist', BUILT_VERSION_FILE), versionOfSources(join(root, 'src')))

const schemas = join(root, 'schemas')
rmSync(schemas, { recursive: true, force: true })
mkdirSync(schemas)
for (const schema of await projectSchemas()) {
  writeFileSync(join(schemas, `${schema.name}.schema.json`), schemaText(schema))
}
