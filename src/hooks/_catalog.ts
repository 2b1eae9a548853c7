/** The hooks, each loaded when it is used for the first time. */
import type { HookName } from '../model/project/hook-settings.ts'
import type { Hook } from './_hook.ts'

export const HOOKS: Readonly<Record<HookName, () => Promise<Hook>>> = {
  slack: async () => (await import('./slack.ts')).SLACK_HOOK,
  pagerduty: async () => (await import('./pagerduty.ts')).PAGERDUTY_HOOK,
  jira: async () => (await import('./jira.ts')).JIRA_HOOK,
}
