/** What `signalbox store check` finds in a store. */

export interface StoreFault {
  /** The name of the check, for example `orphan-rows`. */
  readonly check: string
  readonly message: string
  readonly hint: string
}

export interface StoreReport {
  readonly store: string
  readonly schema: { readonly version: number; readonly newest: number }
  /** The number of rows by table. It is empty if the schema is older than this version of Signalbox. */
  readonly tables: readonly { readonly table: string; readonly rows: number }[]
  /** What is held under a lease that runs now. */
  readonly leases: { readonly deliveries: number; readonly partitions: number }
  /** The number of events of all alerts, and how many of them are not yet added to their alert. */
  readonly events: { readonly counted: number; readonly unfolded: number }
  /** Settings of the database on which promises of the store depend. */
  readonly settings: readonly { readonly name: string; readonly value: string }[]
  /** The replicas that are connected; null: the store can have none, or the user may not see them. */
  readonly replicas:
    | readonly { readonly name: string; readonly state: string; readonly sync: string }[]
    | null
  readonly faults: readonly StoreFault[]
}
