/** A destination type without options. */
export default {
  type: 'quiet',
  summary: 'for tests',
  options: { type: 'object', properties: {}, additionalProperties: false },
  payload: () => ({}),
  send: () => Promise.resolve({ message: '' }),
}
