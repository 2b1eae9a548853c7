/** Rows of a query through the command: only the rules that name the query evaluate them. */
import { expect, it } from 'vitest'
import { signalbox } from '../cli/fake-io.ts'
import { makeProject, SOUND } from '../cli/project-on-disk.ts'

const RULE = `AnalysisType: scheduled_rule
RuleID: Many.Deletions
Filename: many.py
Enabled: true
Severity: High
ScheduledQueries: [Pages & Deletions]
`
const BODY = `def rule(event):
    return event["deleted"] > 10

def title(event):
    return f"{event['user']} deleted {event['deleted']} pages"
`

it('rows under the name of the query alert as SCHEDULED_RULE, whatever type they carry', async () => {
  const root = makeProject({ ...SOUND, 'detections/many.yml': RULE, 'detections/many.py': BODY })
  const rows = [
    { user: 'ann', deleted: 11, action: 'login', p_log_type: 'Test.Log' },
    { user: 'bob', deleted: 3 },
  ]
  const input = rows.map((row) => JSON.stringify(row)).join('\n')
  const from = 'stdin?logType=Pages%20%26%20Deletions'
  const { code, out } = await signalbox(
    ['run', '--project', root, '--store', 'memory:', '--from', from],
    input,
  )
  const sent = out
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { notification: object }).notification)
  expect([code, sent]).toMatchObject([
    0,
    [{ id: 'Many.Deletions', type: 'SCHEDULED_RULE', title: 'New Alert: ann deleted 11 pages' }],
  ])
})
