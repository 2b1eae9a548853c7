/** The notification as product documentation has it: 13 keys, texts never null. For types that send it as it is. */
import { anyObject, listOf, matching, oneOf, table } from './wire.ts'

const string = { type: 'string' }

export const NOTIFICATION = table({
  id: string,
  createdAt: matching('^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$'),
  severity: oneOf('INFO', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'),
  type: matching('^[A-Z_]+$'),
  link: string,
  title: string,
  name: string,
  alertId: matching('^[0-9a-z-]+$'),
  alertContext: anyObject,
  description: string,
  runbook: string,
  tags: listOf(string),
  version: string,
})
