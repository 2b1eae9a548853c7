/** The form of a type's options, and the options that types share. */

/**
 * JSON Schema of the options. Every property has a `description`, most have `examples`; one with `secret: true`
 * should hold a `${env:}` or `${file:}` reference.
 */
export type OptionsSchema = {
  readonly type: 'object'
  readonly required?: readonly string[]
  readonly properties: Readonly<Record<string, object>>
  /** Each branch names one key; exactly one of these keys is required. */
  readonly oneOf?: readonly { readonly required: readonly string[]; readonly properties?: object }[]
  /**
   * What another key requires: keys, a choice of them, or values of keys. `false` in place of a value's schema means that
   * the two keys exclude each other.
   */
  readonly dependencies?: Readonly<
    Record<
      string,
      | readonly string[]
      | Pick<OptionsSchema, 'oneOf'>
      | { readonly properties: Readonly<Record<string, object | false>> }
    >
  >
  readonly additionalProperties: false
}

/** Creates references for examples, as in destinations.yaml. */
export const env = (name: string): string => `\${env:${name}}`
export const file = (path: string): string => `\${file:${path}}`

/** The certificates for TLS, also for types that do not use HTTP. */
export const TLS_PROPERTIES = {
  ca: {
    type: 'string',
    examples: [file('secrets/ca.pem')],
    description: 'PEM of the authorities to trust instead of the usual ones.',
  },
  certificate: {
    type: 'string',
    examples: [file('secrets/client.pem')],
    description: 'PEM of a client certificate; `key` belongs to it.',
  },
  key: {
    type: 'string',
    secret: true,
    examples: [file('secrets/client.key')],
    description: "PEM of the client certificate's key.",
  },
} as const

/** Client credentials (RFC 6749, 4.4), for providers whose tokens expire. */
const OAUTH2_SCHEMA = {
  type: 'object',
  description:
    'Client credentials of OAuth 2.0. The access token is sent as `Authorization: Bearer`, in place of what the type sends there.',
  required: ['tokenUrl', 'clientId', 'clientSecret'],
  properties: {
    tokenUrl: {
      type: 'string',
      pattern: '^https?://',
      examples: ['https://login.example.com/oauth2/token'],
      description: 'The endpoint for tokens.',
    },
    clientId: { type: 'string', minLength: 1, examples: ['signalbox'], description: 'The id of the client.' },
    clientSecret: {
      type: 'string',
      minLength: 1,
      secret: true,
      examples: [env('OAUTH_CLIENT_SECRET')],
      description: 'The secret of the client.',
    },
    scope: {
      type: 'string',
      minLength: 1,
      examples: ['alerts.write'],
      description: 'The scope, if one is needed.',
    },
    audience: {
      type: 'string',
      minLength: 1,
      examples: ['https://api.example.com'],
      description: 'The audience, which some servers want.',
    },
    clientAuthentication: {
      enum: ['body', 'basic'],
      default: 'body',
      description: 'Where id and secret of the client are sent: in the body, or as basic authentication.',
    },
  },
  additionalProperties: false,
} as const

/** A branch of `oneOf` for a type that needs no credential of its own where the transport fetches tokens. */
export const TOKEN_OF_TRANSPORT = {
  required: ['transport'],
  properties: {
    transport: {
      type: 'object',
      required: ['oauth2'],
      description: 'A transport that fetches access tokens.',
    },
  },
} as const

/** How requests travel: an option of every HTTP type. */
export const TRANSPORT_SCHEMA = {
  type: 'object',
  description:
    'How requests travel: time limits, TLS, proxy, signature. See [transport](../destinations.md#transport).',
  properties: {
    connectTimeoutMs: {
      type: 'integer',
      minimum: 100,
      maximum: 30_000,
      default: 10_000,
      description: 'Maximum time for connecting.',
    },
    timeoutMs: {
      type: 'integer',
      minimum: 100,
      maximum: 30_000,
      default: 30_000,
      description: 'Maximum time from the request to the last byte of the response.',
    },
    ...TLS_PROPERTIES,
    proxy: {
      type: 'string',
      pattern: '^https?://',
      secret: true,
      examples: ['http://proxy.example.com:3128'],
      description: 'An HTTP proxy to go through; `user:password@` is its authentication.',
    },
    followRedirects: {
      type: 'boolean',
      default: false,
      description: 'Follow 307 and 308, up to three times. Other redirects are always rejected.',
    },
    publicOnly: {
      type: 'boolean',
      default: false,
      description: 'Reject hosts that resolve to a private, loopback or link-local address.',
    },
    signingSecret: {
      type: 'string',
      minLength: 16,
      secret: true,
      examples: [env('SIGNING_SECRET')],
      description: 'Signs every request with HMAC-SHA256 over timestamp and body.',
    },
    oauth2: OAUTH2_SCHEMA,
  },
  dependencies: { certificate: ['key'], key: ['certificate'] },
  additionalProperties: false,
} as const

const { oauth2: _, ...WITHOUT_OAUTH2 } = TRANSPORT_SCHEMA.properties

/** The transport of a type that signs its requests with credentials of its own. */
export const SIGNED_TRANSPORT_SCHEMA = { ...TRANSPORT_SCHEMA, properties: WITHOUT_OAUTH2 } as const

const { connectTimeoutMs, timeoutMs, ca, certificate, key, proxy, publicOnly } = TRANSPORT_SCHEMA.properties

/** How the requests travel by which a type without HTTP fetches its credentials. */
export const CREDENTIAL_TRANSPORT_SCHEMA = {
  ...TRANSPORT_SCHEMA,
  description:
    'How access tokens are fetched: time limits, TLS, proxy. See [transport](../destinations.md#transport).',
  properties: { connectTimeoutMs, timeoutMs, ca, certificate, key, proxy, publicOnly },
} as const

export type TemplatePart = 'title' | 'body' | 'payload'

const TEMPLATE_PARTS: Record<TemplatePart, object> = {
  title: {
    type: 'string',
    minLength: 1,
    examples: ['{{severity}}: {{title}}'],
    description: 'Template of the headline.',
  },
  body: {
    type: 'string',
    minLength: 1,
    examples: ['{{description}} See {{link}}.'],
    description: "Template of the long text, in place of the type's own.",
  },
  payload: {
    type: 'object',
    examples: [{ text: '{{severity}}: {{title}}', context: '{{alertContext}}' }],
    description: 'The whole payload; every text in it is a template.',
  },
}

const MAP_SCHEMA = {
  type: 'object',
  minProperties: 1,
  examples: [{ priority: { from: 'severity', values: { HIGH: 3, CRITICAL: 4 }, otherwise: 2 } }],
  description: 'Further fields for the templates, whose values depend on another field.',
  propertyNames: { pattern: '^[A-Za-z]\\w*$' },
  additionalProperties: {
    type: 'object',
    required: ['from', 'values'],
    properties: {
      from: {
        type: 'string',
        minLength: 1,
        examples: ['severity', 'alertContext.account'],
        description: 'The field that decides: one of the alert, or a path below `alertContext`.',
      },
      values: {
        type: 'object',
        minProperties: 1,
        additionalProperties: { anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] },
        description:
          'The values by those of the field. Of a list, the first item that is named here decides.',
      },
      otherwise: {
        anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }],
        description: 'The value for all others; without it there is none.',
      },
    },
    additionalProperties: false,
  },
} as const

/** Creates the option of templates for the given parts. */
export function templateSchema(parts: readonly TemplatePart[]): object {
  return {
    type: 'object',
    minProperties: 1,
    description: `Templates of ${parts.join(', ')}. See [templates](../destinations.md#templates).`,
    properties: {
      ...Object.fromEntries(parts.map((part) => [part, TEMPLATE_PARTS[part]])),
      map: MAP_SCHEMA,
    },
    additionalProperties: false,
  }
}
