/** The controls under a message in Slack, with which people answer its alert. `src/hooks/slack.ts` reads what they send. */
import { CLOSED_REASONS, type ClosedReason, type StatusName } from '../../model/alerts/alert-status.ts'
import type { Message } from '../_destination.ts'

/** These are the reasons of the system. */
const REASONS_OF_SYSTEM: readonly ClosedReason[] = ['info', 'expired']
const REASONS = CLOSED_REASONS.filter((reason) => !REASONS_OF_SYSTEM.includes(reason))

/** Controls carry the id of the alert and nothing else of it. Returns one attachment, or none if nothing can be answered. */
export function slackButtons(
  { isAnswerable = false, notification: { alertId } }: Message,
  status: StatusName,
): readonly object[] {
  if (!isAnswerable || status === 'resolved') return []
  const acknowledge = {
    type: 'button',
    action_id: 'signalbox_acknowledge',
    text: plain('Acknowledge'),
    value: alertId,
  }
  const resolve = {
    type: 'static_select',
    action_id: 'signalbox_resolve',
    placeholder: plain('Resolve as'),
    options: REASONS.map((reason) => ({ text: plain(reason), value: reason })),
  }
  const elements = status === 'open' ? [acknowledge, resolve] : [resolve]
  return [{ fallback: '', blocks: [{ type: 'actions', block_id: `signalbox:${alertId}`, elements }] }]
}

function plain(text: string): object {
  return { type: 'plain_text', text }
}
