/** Bodies of requests as the documentation of the providers shows them. */

/** 2026-01-01T00:00:00Z. */
const AT = 1_767_225_600_000

export const SECRET = 'a-secret-of-the-test-0123456789'

export function slackPress(
  alertId: string,
  { action = 'signalbox_acknowledge', reason = '', at = '1767225600.1' } = {},
): string {
  const payload = {
    type: 'block_actions',
    user: { id: 'U123', username: 'ann', name: 'ann' },
    actions: [
      {
        action_id: action,
        block_id: `signalbox:${alertId}`,
        action_ts: at,
        ...(reason ? { selected_option: { value: reason } } : { value: alertId }),
      },
    ],
  }
  return new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
}

export function slackCommand(text: string): string {
  return new URLSearchParams({
    command: '/signalbox',
    text,
    user_id: 'U123',
    user_name: 'ann',
    trigger_id: 't',
  }).toString()
}

export function pagerDutyEvent(
  type: string,
  data: object,
  {
    id = 'E1',
    agent = { id: 'PANN', type: 'user_reference', summary: 'Ann' },
    at = '2026-01-01T00:00:00Z',
  } = {},
): string {
  const event = {
    id,
    event_type: `incident.${type}`,
    resource_type: 'incident',
    occurred_at: at,
    agent,
    data,
  }
  return JSON.stringify({ event })
}

export function jiraUpdate(
  key: string,
  {
    labels = [] as readonly string[],
    category = 'done',
    user = 'account-ann',
    resolution = 'Done',
    timestamp = AT,
  } = {},
): string {
  return JSON.stringify({
    timestamp,
    webhookEvent: 'jira:issue_updated',
    user: { accountId: user, displayName: 'Ann' },
    issue: {
      key,
      fields: { labels, status: { statusCategory: { key: category } }, resolution: { name: resolution } },
    },
    changelog: { items: [{ field: 'status', toString: 'Done' }] },
  })
}

export function jiraComment(
  key: string,
  body: string,
  { id = '7', author = 'account-ann', timestamp = AT } = {},
): string {
  return JSON.stringify({
    timestamp,
    webhookEvent: 'comment_created',
    comment: { id, body, author: { accountId: author, displayName: 'Ann' } },
    issue: { key, fields: { summary: 'an alert' } },
  })
}
