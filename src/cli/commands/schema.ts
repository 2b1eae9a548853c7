/** `schema` prints the JSON Schemas of a repository's files, which editors use. */
import { join } from 'node:path'
import { nearest } from '../../core/did-you-mean.ts'
import { UserError } from '../../errors.ts'
import { type PublishedSchema, projectSchemas, schemaText } from '../../workspace/schemas.ts'
import { defineCommand, EXIT_OK } from '../command/command.ts'
import { text } from '../command/options.ts'
import { openSession } from '../command/session.ts'
import { writeReport } from '../test-run/report-output.ts'

export default defineCommand({
  arguments: { '[name]': 'name of a schema; lists the names when absent' },
  suggestions: 'schemas',
  options: { write: text('--write <dir>', 'write every schema into this directory') },
  async run({ args: [name], options }, io) {
    const session = openSession(options, io)
    const schemas = await projectSchemas()
    if (options.write !== undefined) {
      for (const schema of schemas)
        writeReport(join(options.write, fileOf(schema)), schemaText(schema), session)
      session.print(`wrote ${schemas.map(fileOf).join(', ')} to ${options.write}\n`)
    } else if (name === undefined) {
      session.print(schemas.map((schema) => `${schema.name.padEnd(14)}${schema.title}\n`).join(''))
    } else session.print(schemaText(schemaByName(name, schemas)))
    return EXIT_OK
  },
})

function fileOf({ name }: PublishedSchema): string {
  return `${name}.schema.json`
}

function schemaByName(name: string, schemas: readonly PublishedSchema[]): PublishedSchema {
  const found = schemas.find((schema) => schema.name === name)
  if (found) return found
  const names = schemas.map((schema) => schema.name)
  const near = nearest(name, names)
  throw new UserError(`schema "${name}" not found`, {
    code: 'unknown-schema',
    hint: near ? `did you mean "${near}"?` : `known: ${names.join(', ')}`,
  })
}
