/** A destination type without options, that can't carry everything. */
export default {
  type: 'quiet',
  summary: 'for tests',
  options: { type: 'object', properties: {}, additionalProperties: false },
  refuses: { HEARTBEAT: 'it is quiet', ROUTE_ERROR: 'it has no words for it' },
  payload: () => ({}),
  send: () => Promise.resolve({ message: '' }),
}
