/** The broker of a run of several daemons: what the harness needs of it. */

export interface BrokerEvent {
  readonly id: number
  readonly partition: number
  readonly text: string
}

export interface EventBroker {
  /** The source for `--from`. */
  readonly source: string
  /** Resolves when the broker has acknowledged all of them, in their order in each partition. */
  publish(events: readonly BrokerEvent[]): Promise<void>
  /** Kills the broker and starts it again. */
  restart(): Promise<void>
  /** Reads every event that the broker keeps, by a client of the harness. */
  readBack(onText: (text: string) => void): Promise<void>
  close(): Promise<void>
}
