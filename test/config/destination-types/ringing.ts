/** A destination type that can't carry every kind of alert. */
export default {
  type: 'ringing',
  summary: 'for tests',
  options: { type: 'object', properties: { template: { type: 'object' } }, additionalProperties: false },
  refuses: { HEARTBEAT: 'it would ring all day', ROUTE_ERROR: 'it has no words for it' },
  payload: () => ({}),
  send: () => Promise.resolve({ message: '' }),
}
