/** A destination type for tests of the registry. */
export default {
  type: 'hook',
  summary: 'for tests',
  options: {
    type: 'object',
    required: ['url'],
    properties: {
      url: { type: 'string', pattern: '^https://', secret: true },
      retries: { type: 'integer' },
      headers: { type: 'object', additionalProperties: { type: 'string', secret: true } },
    },
    additionalProperties: false,
  },
  answers: { provider: 'the hook', success: [{}], rules: [] },
  request: () => ({ method: 'POST', url: '', headers: {}, body: '' }),
}
