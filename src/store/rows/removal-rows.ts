/** Types of what retention removes from a store, and of the files of the archive. Times are epoch milliseconds. */

/**
 * `alerts`: resolved alerts with all that belongs to them. `deliveries`: the deliveries of resolved alerts, which stay.
 * `audit`: rows whose alert is not in the store, or that are about something else.
 */
export const REMOVAL_KINDS = ['alerts', 'deliveries', 'audit'] as const
export type RemovalKind = (typeof REMOVAL_KINDS)[number]

export interface RemovableQuery {
  readonly kind: RemovalKind
  /** What happened at this time or later stays. */
  readonly before: number
  /** The `next` of the page before; absent: the first page. */
  readonly after?: string
  /** How many rows are looked at. */
  readonly limit: number
}

export interface RemovablePage {
  /** The ids of alerts, or the numbers of rows of the audit; the earliest first. */
  readonly ids: readonly string[]
  /** null: there are no further pages. */
  readonly next: string | null
}

/** A file of the archive as far as it was entered. */
export interface ArchiveFile {
  /** It is relative to the folder of the archive. */
  readonly name: string
  readonly bytes: number
  readonly lines: number
  /** The SHA-256 of these bytes, in hexadecimal digits. */
  readonly sha256: string
}

export interface Removal {
  readonly kind: RemovalKind
  readonly ids: readonly string[]
  readonly before: number
  /** The file that has the rows; null: there is no archive. `previous` are the bytes that were entered before; 0: none. */
  readonly archive: { readonly file: ArchiveFile; readonly previous: number } | null
}

/** What retention does with a store. No other function of a store removes alerts, deliveries or rows of the audit. */
export interface Removals {
  list(query: RemovableQuery): Promise<RemovablePage>
  /**
   * Removes all of the rows in one transaction, in which the file is entered. False if one of them must stay by now, or if
   * the file was entered by another process, and then nothing was changed.
   */
  remove(removal: Removal): Promise<boolean>
  /** The files of the archive by their names. */
  archives(): Promise<readonly ArchiveFile[]>
  /** The bytes of the store without those that are free for new rows; null: the database does not say it. */
  usedBytes(): Promise<number | null>
}
