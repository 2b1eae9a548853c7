/** Ports: interfaces that the composition root implements for the modules below it. */

export interface Clock {
  /** Epoch milliseconds. */
  now(): number
  /** Resolves after `ms` (24 days at most; a time that has passed is no wait), or at once when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** Node fires a longer timer immediately. */
const MAX_TIMER_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const done = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, Math.max(0, Math.min(ms, MAX_TIMER_MS)))
      signal?.addEventListener('abort', done)
    }),
}

/** Structured log: the fields first, then a sentence. Never given a secret. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export const nullLog: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** Options with their secrets put in, and a function that takes those secrets out of any text again. */
export interface RevealedOptions {
  readonly options: Readonly<Record<string, unknown>>
  readonly redact: (text: string) => string
}

export interface Secrets {
  /** Reads `${env:X}` and `${file:PATH}` inside the options' strings; throws a UserError that names what is missing. */
  reveal(options: Readonly<Record<string, unknown>>): Promise<RevealedOptions>
}

/** One request as it goes over the wire; what `explain` previews. */
export interface HttpRequest {
  readonly method: 'POST' | 'PUT' | 'GET' | 'PATCH'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The body goes over the wire compressed, and a header says so. */
  readonly compression?: 'gzip'
}

export interface HttpResponse {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** The body, cut at the client's limit. */
  readonly body: string
  /** The body broke off (reset, time limit): what came of it is kept, the status stands. */
  readonly incomplete?: boolean
}

/** Sends one request and returns the answer, whatever its status. */
export type SendRequest = (request: HttpRequest) => Promise<HttpResponse>

/** The transport options of one destination. PEM texts and URLs contain no references. */
export interface Transport {
  readonly connectTimeoutMs?: number
  readonly timeoutMs?: number
  readonly ca?: string
  readonly certificate?: string
  readonly key?: string
  readonly proxy?: string
  readonly followRedirects?: boolean
  /** A redirect to another origin is not followed: the body holds a secret. */
  readonly keepsOrigin?: boolean
  readonly publicOnly?: boolean
}

/** Sends one request, without retries; network failures are RetryableErrors. */
export interface HttpClient {
  send(request: HttpRequest, signal: AbortSignal, transport?: Transport): Promise<HttpResponse>
}

export interface InboundRequest {
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
  /** Address of the peer. */
  readonly client: string
  /** Aborted when the connection closes. */
  readonly signal: AbortSignal
  /** Reserves memory for the body, in bytes in all; false: too many bytes are reserved already. */
  readonly reserve: (bytes: number) => boolean
}
export interface OutboundResponse {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

/** The one HTTP server, as sources see it. */
export interface HttpIngress {
  /** Listens on the address (once for all who name it) and answers POSTs on the path. */
  post(address: { host: string; port: number }, path: string, endpoint: PostEndpoint): Promise<void>
}

export interface PostEndpoint {
  handle(request: InboundRequest): Promise<OutboundResponse>
  /** Called before the body is read. Returns the response for a client that must retry later, or null. */
  refusal?(client: string): OutboundResponse | null
}

/** Counters and histograms by name; labels are bounded sets. */
export interface Metrics {
  count(name: string, labels?: Readonly<Record<string, string>>, by?: number): void
  observe(name: string, value: number, labels?: Readonly<Record<string, string>>): void
}

/** The value of a gauge at the time of a scrape. */
export interface GaugeSample {
  readonly name: string
  readonly value: number
  readonly labels?: Readonly<Record<string, string>>
}

export const nullMetrics: Metrics = { count() {}, observe() {} }
