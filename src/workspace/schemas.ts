/** Returns the JSON Schemas of a project's files with the bundled destination types. */
import { type PublishedSchema, publishedSchemas } from '../config/schemas/published.ts'
import { loadTypeSummaries } from './destinations/load-destination-types.ts'

export type { PublishedSchema } from '../config/schemas/published.ts'

export async function projectSchemas(): Promise<PublishedSchema[]> {
  return publishedSchemas(await loadTypeSummaries())
}

/** Formats a schema as the text of a file. */
export function schemaText({ schema }: PublishedSchema): string {
  return `${JSON.stringify(schema, null, 2)}\n`
}
