/** The name of a source's cursor in the store. */
import type { SourceSpec } from '../sources/_source.ts'

/** The name of the source does not count, so that a source that gets another name keeps its place. */
export function cursorName({ scheme, target, address }: SourceSpec, hostId: string): string {
  return scheme === 'file' ? `file:${hostId}:${target}` : address
}
