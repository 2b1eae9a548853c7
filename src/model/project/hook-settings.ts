/** Inbound hooks: the key `hooks` of signalbox.yaml. */
import type { ClosedReason } from '../alerts/alert-status.ts'

/** The providers that can report what people do with an alert there. Each is also the name of a destination type. */
export const HOOK_NAMES = ['slack', 'pagerduty', 'jira'] as const
export type HookName = (typeof HOOK_NAMES)[number]

export interface HookSettings {
  /** A reference to the secret with which the provider signs, for example `${env:...}`. */
  readonly secret: string
  /** The only destination whose alerts the hook may change; null: those of all destinations of its type. */
  readonly destination: string | null
  /** Names of resolutions in Jira, and the reason with which an alert is then resolved. */
  readonly closedReasons: Readonly<Record<string, ClosedReason>>
  /** Ids or names of users whose acts are not taken over: the one by which Signalbox itself acts there. */
  readonly ignoreUsers: readonly string[]
}

/** Only the hooks that are configured. */
export type HooksSettings = Readonly<Partial<Record<HookName, HookSettings>>>
