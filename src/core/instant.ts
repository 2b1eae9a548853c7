/** Points in time as machines and people read them. */

/** `2026-12-05T01:00:00Z`. */
export function instantText(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('.000Z', 'Z')
}
